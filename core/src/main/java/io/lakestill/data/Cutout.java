package io.lakestill.data;

import java.util.Arrays;
import java.util.List;

/**
 * Fills a square whose centre is drawn uniformly from all pixels (row first), the same for all
 * channels; the part of it that lies outside the image is cut off. Source: DeVries, Taylor,
 * "Improved Regularization of Convolutional Neural Networks with Cutout", 2017, section 3.2.
 *
 * <p>The fill is in scaled units, before any normalisation, so teacher and student see one picture
 * even when each has a normalisation of its own. Zero is what scaling makes of a raw zero. The
 * authors' zero comes after normalisation, which is the mean: fill with that for theirs.
 *
 * @param size rows and columns of the square, at least 1; it begins {@code size / 2} before its
 *     centre
 * @param fill one value, or one for each channel
 */
public record Cutout(int size, List<Double> fill) implements ViewTransform {
  public Cutout {
    fill = List.copyOf(fill);
    if (size < 1) {
      throw new IllegalArgumentException("size must be at least 1, is " + size);
    }
    if (fill.isEmpty()) {
      throw new IllegalArgumentException("fill must be one value, or one for each channel");
    }
  }

  @Override
  public void apply(float[] values, int offset, FeatureShape shape, ViewRandom random) {
    int top = random.nextInt(shape.height()) - size / 2;
    int left = random.nextInt(shape.width()) - size / 2;
    int fromColumn = Math.max(left, 0);
    int toColumn = Math.min(left + size, shape.width());
    for (int c = 0; c < shape.channels(); c++) {
      float value = fill.get(fill.size() == 1 ? 0 : c).floatValue();
      for (int y = Math.max(top, 0); y < Math.min(top + size, shape.height()); y++) {
        int row = offset + c * shape.plane() + y * shape.width();
        Arrays.fill(values, row + fromColumn, row + toColumn, value);
      }
    }
  }

  @Override
  public String canonical() {
    return "cutout(" + size + " " + fill + ")";
  }
}
