package io.lakestill.train;

/**
 * A stream of random numbers from one state. Logarithms and the like are those of {@link
 * StrictMath}, so that every machine draws the same. Belongs to one thread.
 */
final class Uniforms {
  private long state;

  Uniforms(long state) {
    this.state = state;
  }

  /** In (0, 1), never an end of it. */
  double next() {
    state += SplitMix.STRIDE;
    return ((SplitMix.mix(state) >>> 11) + 0.5) * 0x1p-53;
  }

  /** In {@code [0, bound)}. */
  int below(int bound) {
    return (int) (next() * bound);
  }

  /**
   * From Beta(alpha, alpha), as {@code X / (X + Y)} of two from Gamma(alpha). In logarithms, since
   * both underflow where alpha is small.
   */
  double beta(double alpha) {
    double x = logGamma(alpha);
    double y = logGamma(alpha);
    return 1 / (1 + StrictMath.exp(y - x));
  }

  /**
   * The logarithm of one from Gamma(shape): Marsaglia and Tsang, "A simple method for generating
   * gamma variables", 2000; below 1 by their {@code Gamma(shape + 1) U^(1 / shape)}.
   */
  private double logGamma(double shape) {
    double boost = shape < 1 ? StrictMath.log(next()) / shape : 0;
    double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3;
    double c = 1 / StrictMath.sqrt(9 * d);
    while (true) {
      double x = normal();
      double root = 1 + c * x;
      double v = root * root * root;
      if (v > 0 && StrictMath.log(next()) < x * x / 2 + d - d * v + d * StrictMath.log(v)) {
        return StrictMath.log(d * v) + boost;
      }
    }
  }

  /** By Box and Muller. */
  private double normal() {
    return StrictMath.sqrt(-2 * StrictMath.log(next())) * StrictMath.cos(2 * Math.PI * next());
  }
}
