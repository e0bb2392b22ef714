package io.lakestill.data;

/**
 * Mirrors the image left to right, all channels together.
 *
 * @param probability how often, in (0, 1]
 */
public record Flip(double probability) implements ViewTransform {
  public Flip {
    if (!(probability > 0 && probability <= 1)) {
      throw new IllegalArgumentException(
          "probability must be above 0 and at most 1, is " + probability);
    }
  }

  @Override
  public void apply(float[] values, int offset, FeatureShape shape, ViewRandom random) {
    if (random.nextDouble() >= probability) {
      return;
    }
    int end = offset + shape.values();
    for (int row = offset; row < end; row += shape.width()) {
      for (int left = row, right = row + shape.width() - 1; left < right; left++, right--) {
        float value = values[left];
        values[left] = values[right];
        values[right] = value;
      }
    }
  }

  @Override
  public String canonical() {
    return "flip(" + probability + ")";
  }
}
