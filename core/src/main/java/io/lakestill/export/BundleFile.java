package io.lakestill.export;

import io.lakestill.io.Sha256;

/**
 * One file of a bundle, beside its manifest.
 *
 * @param name a plain file name
 * @param bytes its length
 * @param sha256 of its bytes
 */
public record BundleFile(String name, long bytes, String sha256) {
  private static final String NAME = "[0-9A-Za-z][0-9A-Za-z_.-]{0,127}";

  public BundleFile {
    if (!name.matches(NAME) || name.equals(Bundle.MANIFEST)) {
      throw new IllegalArgumentException(
          "a bundle file must have a plain name other than '%s', has '%s'"
              .formatted(Bundle.MANIFEST, name));
    }
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes must not be negative, is " + bytes);
    }
  }

  static BundleFile of(String name, byte[] content) {
    return new BundleFile(name, content.length, Sha256.of(content));
  }
}
