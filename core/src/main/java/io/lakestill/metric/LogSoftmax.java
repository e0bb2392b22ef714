package io.lakestill.metric;

/**
 * Log-softmax of one row in double precision.
 *
 * <p>{@code logProbabilities[c] = z[c]/T - log sum_k exp(z[k]/T)}, with the largest term taken out
 * of the sum, so logits of any finite size give finite log-probabilities.
 */
public final class LogSoftmax {
  private LogSoftmax() {}

  /**
   * Fills {@code logProbabilities[0..classes)} from {@code logits[offset..offset + classes)}.
   *
   * @return {@code log sum_k exp(z[k]/T)}
   */
  public static double of(
      float[] logits, int offset, int classes, double temperature, double[] logProbabilities) {
    for (int c = 0; c < classes; c++) {
      logProbabilities[c] = logits[offset + c] / temperature;
    }
    return normalise(logProbabilities, classes);
  }

  /**
   * Turns {@code values[0..n)} into their log-softmax in place.
   *
   * @return the log of the sum of their exponentials
   */
  public static double normalise(double[] values, int n) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      largest = Math.max(largest, values[i]);
    }
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += Math.exp(values[i] - largest);
    }
    double logSum = largest + Math.log(sum);
    for (int i = 0; i < n; i++) {
      values[i] -= logSum;
    }
    return logSum;
  }
}
