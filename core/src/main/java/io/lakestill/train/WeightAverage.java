package io.lakestill.train;

/** An exponential moving average of weights: {@code average = decay * average + rest * weights}. */
public final class WeightAverage {
  private WeightAverage() {}

  /**
   * Moves the averages {@code [from, to)} towards the weights.
   *
   * @param decay the part of the average that stays, in [0, 1)
   */
  public static void update(float[] average, float[] weights, int from, int to, double decay) {
    if (!(decay >= 0 && decay < 1)) {
      throw new IllegalArgumentException("decay must be in [0, 1), is " + decay);
    }
    float rest = (float) (1 - decay);
    for (int i = from; i < to; i++) {
      average[i] += (weights[i] - average[i]) * rest;
    }
  }
}
