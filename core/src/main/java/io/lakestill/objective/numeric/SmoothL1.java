package io.lakestill.objective.numeric;

/**
 * The absolute value, rounded off within 1 of zero: {@code x^2/2} there, {@code |x| - 1/2} beyond.
 */
public final class SmoothL1 {
  private SmoothL1() {}

  public static double of(double x) {
    double size = Math.abs(x);
    return size < 1 ? 0.5 * x * x : size - 0.5;
  }

  public static double derivative(double x) {
    return Math.max(-1, Math.min(1, x));
  }
}
