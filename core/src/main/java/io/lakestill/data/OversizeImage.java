package io.lakestill.data;

import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;

/**
 * An image of more bytes than any of its size can need. Whoever reads tables replaces it by a short
 * text that names its size, before it is copied, hashed or sent anywhere; {@link FeaturePipeline}
 * refuses that text by telling the size.
 *
 * <p>No image begins like the text, so a cell that holds it already is refused either way.
 */
public final class OversizeImage {
  /** What the text begins with; the number of bytes follows, in decimal. */
  public static final String STAND_IN = "lakestill:oversize-image:";

  /** What an image may have beside eight bytes for each pixel: profiles, thumbnails, notes. */
  private static final int BESIDE_PIXELS = 64 << 20;

  private static final int LONGEST_STAND_IN = STAND_IN.length() + 19;

  private OversizeImage() {}

  /** How many bytes an encoded image of a shape may have at most. */
  public static long mostBytes(FeatureShape shape) {
    return BESIDE_PIXELS + 8L * shape.plane();
  }

  /** The bytes that an image had of which this is the stand-in; empty when it is none. */
  static OptionalLong standsFor(byte[] cell) {
    if (cell.length > LONGEST_STAND_IN) {
      return OptionalLong.empty();
    }
    String text = new String(cell, StandardCharsets.US_ASCII);
    String size = text.startsWith(STAND_IN) ? text.substring(STAND_IN.length()) : "";
    return size.matches("[0-9]{1,18}")
        ? OptionalLong.of(Long.parseLong(size))
        : OptionalLong.empty();
  }
}
