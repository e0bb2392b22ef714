package io.lakestill.objective.relation;

import io.lakestill.objective.Rule;

/**
 * A Gaussian kernel of unit vectors, cut off in its Taylor series.
 *
 * <p>{@code k(x) = exp(-2 gamma) sum_{p=0..order} (2 gamma)^p / p! x^p} of the inner product {@code
 * x}.
 */
record TaylorKernel(double gamma, int order) implements java.io.Serializable {
  TaylorKernel {
    Rule.positive("gamma", gamma);
    Rule.atLeast(0, "order", order);
  }

  double of(double x) {
    return series(x, order);
  }

  double derivative(double x) {
    return order == 0 ? 0 : 2 * gamma * series(x, order - 1);
  }

  private double series(double x, int last) {
    double term = Math.exp(-2 * gamma);
    double sum = term;
    for (int p = 1; p <= last; p++) {
      term *= 2 * gamma * x / p;
      sum += term;
    }
    return sum;
  }
}
