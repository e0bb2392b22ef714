package io.lakestill.objective.numeric;

/** The chain rule through a log-softmax. */
public final class SoftmaxGradient {
  private SoftmaxGradient() {}

  /**
   * Adds {@code factor * d loss / d z} to {@code gradient[offset..offset + n)}, where {@code
   * slope[c] = d loss / d log q_c} and {@code q = softmax(z)}: {@code d loss / d z_c = slope_c -
   * q_c sum_k slope_k}.
   *
   * @param logProbabilities {@code log q}
   */
  public static void add(
      double factor,
      double[] slope,
      double[] logProbabilities,
      int n,
      float[] gradient,
      int offset) {
    double sum = 0;
    for (int c = 0; c < n; c++) {
      sum += slope[c];
    }
    for (int c = 0; c < n; c++) {
      gradient[offset + c] += (float) (factor * (slope[c] - Math.exp(logProbabilities[c]) * sum));
    }
  }
}
