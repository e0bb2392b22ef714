package io.lakestill.objective.numeric;

/** Small operations on row-major matrices; their products are {@link MatrixProduct}. */
public final class Matrices {
  private Matrices() {}

  /** Adds its transpose to a square matrix in place. */
  public static void addTranspose(double[] a, int n) {
    for (int i = 0; i < n; i++) {
      for (int j = i; j < n; j++) {
        double sum = a[i * n + j] + a[j * n + i];
        a[i * n + j] = sum;
        a[j * n + i] = sum;
      }
    }
  }

  /** Subtracts from each column its mean over the rows, in place. */
  public static void centreColumns(double[] a, int rows, int columns) {
    for (int j = 0; j < columns; j++) {
      double mean = 0;
      for (int i = 0; i < rows; i++) {
        mean += a[i * columns + j] / rows;
      }
      for (int i = 0; i < rows; i++) {
        a[i * columns + j] -= mean;
      }
    }
  }

  /** {@code out[n,m] = a[m,n]^T}. */
  public static void transpose(double[] a, int m, int n, double[] out) {
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        out[j * m + i] = a[i * n + j];
      }
    }
  }
}
