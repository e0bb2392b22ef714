package io.lakestill.objective.numeric;

/**
 * The cosine of two vectors.
 *
 * <p>{@code cos(a, b) = a.b / (max(|a|, floor) max(|b|, floor))}, so a zero vector has cosine 0
 * with everything.
 */
public final class Cosine {
  private Cosine() {}

  /**
   * The cosine of {@code a} and {@code b}, {@code n} entries each; adds {@code factor} times its
   * derivative by {@code a} to {@code gradient[offsetA...]}.
   */
  public static double withGradient(
      double[] a,
      int offsetA,
      double[] b,
      int offsetB,
      int n,
      double floor,
      double factor,
      double[] gradient) {
    double normA = Math.sqrt(Doubles.dot(a, offsetA, a, offsetA, n));
    double normB = Math.sqrt(Doubles.dot(b, offsetB, b, offsetB, n));
    double divisorA = Math.max(normA, floor);
    double divisor = divisorA * Math.max(normB, floor);
    double cosine = Doubles.dot(a, offsetA, b, offsetB, n) / divisor;
    double along = normA > floor ? cosine / (divisorA * divisorA) : 0;
    for (int i = 0; i < n && factor != 0; i++) {
      gradient[offsetA + i] += factor * (b[offsetB + i] / divisor - along * a[offsetA + i]);
    }
    return cosine;
  }
}
