package io.lakestill.objective.numeric;

import java.io.Serializable;

/** The logarithm of a product of many positive numbers: one logarithm for many of them. */
public final class LogProduct implements Serializable {
  private static final long serialVersionUID = 1L;

  private static final double MOST = 1e150;
  private static final double LEAST = 1e-150;

  private double product = 1;
  private double log;

  /** Starts again with the empty product. */
  public void reset() {
    product = 1;
    log = 0;
  }

  public void multiply(double factor) {
    if (factor > MOST || factor < LEAST) {
      log += Math.log(factor);
      return;
    }
    product *= factor;
    if (product > MOST || product < LEAST) {
      log += Math.log(product);
      product = 1;
    }
  }

  /** The logarithm of the product so far. */
  public double log() {
    return log + Math.log(product);
  }
}
