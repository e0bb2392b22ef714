package io.lakestill.objective.numeric;

/** Linear systems with a symmetric positive definite matrix. */
public final class Cholesky {
  private Cholesky() {}

  /**
   * Replaces the lower triangle of {@code a[n,n]} by the factor {@code L} of {@code a = L L^T}.
   *
   * @throws IllegalArgumentException when the matrix is not positive definite
   */
  public static void factorise(double[] a, int n) {
    for (int j = 0; j < n; j++) {
      double pivot = a[j * n + j] - Doubles.dot(a, j * n, a, j * n, j);
      if (!(pivot > 0)) {
        throw new IllegalArgumentException("the matrix is not positive definite at row " + j);
      }
      double diagonal = Math.sqrt(pivot);
      a[j * n + j] = diagonal;
      for (int i = j + 1; i < n; i++) {
        a[i * n + j] = (a[i * n + j] - Doubles.dot(a, i * n, a, j * n, j)) / diagonal;
      }
    }
  }

  /** Solves {@code L L^T x = b} in place, {@code b} being {@code n} entries from {@code offset}. */
  public static void solve(double[] factor, int n, double[] b, int offset) {
    for (int i = 0; i < n; i++) {
      b[offset + i] =
          (b[offset + i] - Doubles.dot(factor, i * n, b, offset, i)) / factor[i * n + i];
    }
    for (int i = n - 1; i >= 0; i--) {
      double sum = b[offset + i];
      for (int j = i + 1; j < n; j++) {
        sum -= factor[j * n + i] * b[offset + j];
      }
      b[offset + i] = sum / factor[i * n + i];
    }
  }
}
