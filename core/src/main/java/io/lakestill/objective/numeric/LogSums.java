package io.lakestill.objective.numeric;

/** Logarithms of sums of exponentials that neither overflow nor lose the small addend. */
public final class LogSums {
  private LogSums() {}

  /** {@code log(e^a + e^b)}; minus infinity stands for the logarithm of zero. */
  public static double logAdd(double a, double b) {
    double larger = Math.max(a, b);
    if (larger == Double.NEGATIVE_INFINITY) {
      return larger;
    }
    return larger + Math.log1p(Math.exp(Math.min(a, b) - larger));
  }

  /** {@code log sum_{i != skipped} e^(values[i])}; minus infinity when nothing is left. */
  public static double logSumWithout(int skipped, double[] values, int n) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      if (i != skipped) {
        largest = Math.max(largest, values[i]);
      }
    }
    if (largest == Double.NEGATIVE_INFINITY) {
      return largest;
    }
    double sum = 0;
    for (int i = 0; i < n; i++) {
      if (i != skipped) {
        sum += Math.exp(values[i] - largest);
      }
    }
    return largest + Math.log(sum);
  }
}
