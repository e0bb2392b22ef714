package io.lakestill.student;

import java.util.List;
import java.util.stream.Collectors;

/**
 * The shape of one example, without the batch axis: {@code [width]} or {@code [channels, height,
 * width]}.
 *
 * @param sizes one or three sizes, each at least 1
 */
public record Shape(List<Integer> sizes) {
  public Shape {
    sizes = List.copyOf(sizes);
    if ((sizes.size() != 1 && sizes.size() != 3) || sizes.stream().anyMatch(size -> size < 1)) {
      throw new IllegalArgumentException(
          "shape must be [width] or [channels, height, width], is " + sizes);
    }
    if (sizes.stream().mapToDouble(Integer::doubleValue).reduce(1, (a, b) -> a * b)
        > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "shape " + sizes + " holds more values than one array can");
    }
  }

  public static Shape flat(int width) {
    return new Shape(List.of(width));
  }

  public static Shape image(int channels, int height, int width) {
    return new Shape(List.of(channels, height, width));
  }

  public boolean isImage() {
    return sizes.size() == 3;
  }

  /** The number of values of one example. */
  public int width() {
    return sizes.stream().reduce(1, Math::multiplyExact);
  }

  /** The channels of an image; the width of a flat shape, which is one value per channel. */
  public int channels() {
    return sizes.get(0);
  }

  /** Written as in messages: {@code [3, 32, 32]}. */
  @Override
  public String toString() {
    return sizes.stream().map(String::valueOf).collect(Collectors.joining(", ", "[", "]"));
  }
}
