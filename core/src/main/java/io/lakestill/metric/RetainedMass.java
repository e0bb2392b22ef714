package io.lakestill.metric;

import java.util.Arrays;

/**
 * How much of a teacher's distribution the k largest probabilities hold: what top-k signals keep.
 *
 * <p>The sum of the k largest entries of {@code softmax(t/T)}, per row.
 */
public final class RetainedMass {
  private RetainedMass() {}

  /** The mass of the row whose logits start at {@code offset}. */
  public static double of(float[] logits, int offset, int classes, double temperature, int k) {
    if (k < 1 || k > classes) {
      throw new IllegalArgumentException("k must be from 1 to %d, is %d".formatted(classes, k));
    }
    double[] log = new double[classes];
    LogSoftmax.of(logits, offset, classes, temperature, log);
    Arrays.sort(log);
    double mass = 0;
    for (int i = classes - k; i < classes; i++) {
      mass += Math.exp(log[i]);
    }
    return mass;
  }
}
