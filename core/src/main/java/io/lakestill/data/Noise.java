package io.lakestill.data;

/**
 * Adds independent Gaussian noise to every value.
 *
 * @param deviation its standard deviation, in scaled units, above 0
 */
public record Noise(double deviation) implements ViewTransform {
  public Noise {
    if (deviation <= 0) {
      throw new IllegalArgumentException("deviation must be above 0, is " + deviation);
    }
  }

  @Override
  public void apply(float[] values, int offset, FeatureShape shape, ViewRandom random) {
    int end = offset + shape.values();
    for (int i = offset; i < end; i++) {
      values[i] = (float) (values[i] + deviation * random.nextGaussian());
    }
  }

  @Override
  public String canonical() {
    return "noise(" + deviation + ")";
  }
}
