package io.lakestill.data;

import java.io.Serializable;
import java.util.List;

/**
 * The shape of one example, channels first. A plain vector is one channel of one row.
 *
 * @param channels at least 1
 * @param height rows of a channel
 * @param width values of a row
 */
public record FeatureShape(int channels, int height, int width) implements Serializable {

  /**
   * @param sizes {@code [channels, height, width]} or {@code [width]}
   */
  public static FeatureShape of(List<Integer> sizes) {
    return switch (sizes.size()) {
      case 1 -> new FeatureShape(1, 1, sizes.get(0));
      case 3 -> new FeatureShape(sizes.get(0), sizes.get(1), sizes.get(2));
      default ->
          throw new IllegalArgumentException(
              "a shape is [width] or [channels, height, width], is " + sizes);
    };
  }

  /** Values of one channel. */
  public int plane() {
    return height * width;
  }

  /** Values of one example. */
  public int values() {
    return channels * plane();
  }
}
