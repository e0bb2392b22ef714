package io.lakestill.data;

import java.util.Arrays;

/**
 * Moves the image by a whole number of pixels, drawn uniformly from {@code [-pixels, pixels]} for
 * each axis (rows first), the same for all channels; what comes in from outside is zero. This is
 * also what padding with zeros and cropping at random does.
 *
 * @param pixels the longest move, at least 1
 */
public record Shift(int pixels) implements ViewTransform {
  public Shift {
    if (pixels < 1) {
      throw new IllegalArgumentException("pixels must be at least 1, is " + pixels);
    }
  }

  @Override
  public void apply(float[] values, int offset, FeatureShape shape, ViewRandom random) {
    int down = random.nextInt(2 * pixels + 1) - pixels;
    int right = random.nextInt(2 * pixels + 1) - pixels;
    for (int c = 0; c < shape.channels(); c++) {
      move(values, offset + c * shape.plane(), shape, down, right);
    }
  }

  @Override
  public String canonical() {
    return "shift(" + pixels + ")";
  }

  private static void move(float[] values, int start, FeatureShape shape, int down, int right) {
    int height = shape.height();
    int width = shape.width();
    for (int i = 0; i < height; i++) {
      // In place: a move down must start from the last row, so that no source is overwritten.
      int row = down > 0 ? height - 1 - i : i;
      int source = row - down;
      int to = start + row * width;
      if (source < 0 || source >= height) {
        Arrays.fill(values, to, to + width, 0f);
        continue;
      }
      int from = start + source * width;
      int kept = Math.max(0, width - Math.abs(right));
      System.arraycopy(values, from + Math.max(0, -right), values, to + Math.max(0, right), kept);
      int emptyFrom = right > 0 ? to : to + kept;
      Arrays.fill(values, emptyFrom, emptyFrom + width - kept, 0f);
    }
  }
}
