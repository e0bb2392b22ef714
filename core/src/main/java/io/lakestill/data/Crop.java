package io.lakestill.data;

import java.util.Arrays;

/**
 * Pads the image by mirroring it at its borders (the border pixel itself is not repeated) and cuts
 * a window of the original size at an offset drawn uniformly for each axis (rows first), the same
 * for all channels. Unlike {@link Shift}, it brings in no black edge.
 *
 * @param padding pixels on each side, at least 1 and below the sides of the image
 */
public record Crop(int padding) implements ViewTransform {
  public Crop {
    if (padding < 1) {
      throw new IllegalArgumentException("padding must be at least 1, is " + padding);
    }
  }

  @Override
  public void apply(float[] values, int offset, FeatureShape shape, ViewRandom random) {
    int top = random.nextInt(2 * padding + 1) - padding;
    int left = random.nextInt(2 * padding + 1) - padding;
    float[] source = Arrays.copyOfRange(values, offset, offset + shape.values());
    int to = offset;
    for (int c = 0; c < shape.channels(); c++) {
      for (int y = 0; y < shape.height(); y++) {
        int row = c * shape.plane() + mirrored(y + top, shape.height()) * shape.width();
        for (int x = 0; x < shape.width(); x++) {
          values[to++] = source[row + mirrored(x + left, shape.width())];
        }
      }
    }
  }

  @Override
  public String canonical() {
    return "crop(" + padding + ")";
  }

  private static int mirrored(int index, int size) {
    int positive = Math.abs(index);
    return positive < size ? positive : 2 * (size - 1) - positive;
  }
}
