package io.lakestill.objective.numeric;

/** The logistic function and its logarithm, without overflow. */
public final class Sigmoid {
  private Sigmoid() {}

  /** {@code 1 / (1 + e^-x)}. */
  public static double of(double x) {
    if (x >= 0) {
      return 1 / (1 + Math.exp(-x));
    }
    double small = Math.exp(x);
    return small / (1 + small);
  }

  /** {@code log(1 + e^x)}, which is {@code -log of(-x)}. */
  public static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }
}
