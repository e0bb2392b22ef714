package io.lakestill.student;

/** The checks that several kinds of layers share. */
final class LayerRules {
  private static final String NAME = "[0-9A-Za-z_.-]{1,96}";

  private LayerRules() {}

  static void name(String name) {
    if (!name.matches(NAME) || name.equals(Layer.INPUT)) {
      throw new IllegalArgumentException(
          "name must be 1 to 96 letters, digits, '_', '.' or '-', and not '%s', is '%s'"
              .formatted(Layer.INPUT, name));
    }
  }

  static void atLeastOne(String option, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(option + " must be at least 1, is " + value);
    }
  }

  static void notNegative(String option, int value) {
    if (value < 0) {
      throw new IllegalArgumentException(option + " must not be negative, is " + value);
    }
  }

  /** A pool that lies wholly in the padding would have no value to take. */
  static void poolingPadding(int padding, int kernel) {
    notNegative("padding", padding);
    if (padding > kernel / 2) {
      throw new IllegalArgumentException(
          "padding must be at most half the kernel (%d), is %d".formatted(kernel / 2, padding));
    }
  }

  static void needsImage(String layer, Shape input) {
    if (!input.isImage()) {
      throw new IllegalArgumentException(
          "%s needs images [channels, height, width], its input is %s".formatted(layer, input));
    }
  }

  /** The image that a square window leaves when it slides over a padded image; ends are dropped. */
  static Shape slide(Shape input, int channels, int kernel, int stride, int padding) {
    return Shape.image(
        channels,
        slide("height", input.sizes().get(1), kernel, stride, padding),
        slide("width", input.sizes().get(2), kernel, stride, padding));
  }

  private static int slide(String axis, int size, int kernel, int stride, int padding) {
    long padded = size + 2L * padding;
    if (kernel > padded) {
      throw new IllegalArgumentException(
          "kernel %d is larger than the %s of its input, %d with padding"
              .formatted(kernel, axis, padded));
    }
    return Math.toIntExact((padded - kernel) / stride + 1);
  }
}
