package io.lakestill.objective.numeric;

import java.util.Arrays;

/** Products of row-major matrices. The product is written over what the target holds. */
public final class Matrices {
  private Matrices() {}

  /** {@code out[m,n] = a[m,k] b[k,n]}. */
  public static void multiply(double[] a, double[] b, int m, int k, int n, double[] out) {
    Arrays.fill(out, 0, m * n, 0.0);
    for (int i = 0; i < m; i++) {
      addRows(a, i * k, 1, b, k, n, out, i * n);
    }
  }

  /** {@code out[m,n] = a[k,m]^T b[k,n]}. */
  public static void transposedMultiply(double[] a, double[] b, int m, int k, int n, double[] out) {
    Arrays.fill(out, 0, m * n, 0.0);
    for (int i = 0; i < m; i++) {
      addRows(a, i, m, b, k, n, out, i * n);
    }
  }

  /**
   * Adds the rows of {@code b}, weighted by {@code a[first], a[first + stride], ...}, to one row of
   * {@code out}; four at a time, so that the row of {@code out} is read and written a quarter as
   * often.
   */
  private static void addRows(
      double[] a, int first, int stride, double[] b, int k, int n, double[] out, int to) {
    int l = 0;
    for (; l + 3 < k; l += 4) {
      double w0 = a[first + l * stride];
      double w1 = a[first + (l + 1) * stride];
      double w2 = a[first + (l + 2) * stride];
      double w3 = a[first + (l + 3) * stride];
      int b0 = l * n;
      int b1 = b0 + n;
      int b2 = b1 + n;
      int b3 = b2 + n;
      for (int j = 0; j < n; j++) {
        out[to + j] += w0 * b[b0 + j] + w1 * b[b1 + j] + w2 * b[b2 + j] + w3 * b[b3 + j];
      }
    }
    for (; l < k; l++) {
      double weight = a[first + l * stride];
      for (int j = 0; j < n; j++) {
        out[to + j] += weight * b[l * n + j];
      }
    }
  }

  /** {@code out[m,n] = a[m,k] b[n,k]^T}. */
  public static void multiplyTransposed(double[] a, double[] b, int m, int k, int n, double[] out) {
    for (int i = 0; i < m; i++) {
      int j = 0;
      for (; j + 3 < n; j += 4) {
        fourProducts(a, i * k, b, j * k, k, out, i * n + j);
      }
      for (; j < n; j++) {
        out[i * n + j] = Doubles.dot(a, i * k, b, j * k, k);
      }
    }
  }

  /** The inner products of one row with four: each entry of the row is read once for all. */
  private static void fourProducts(
      double[] a, int row, double[] b, int first, int k, double[] out, int to) {
    double sum0 = 0;
    double sum1 = 0;
    double sum2 = 0;
    double sum3 = 0;
    for (int l = 0; l < k; l++) {
      double value = a[row + l];
      sum0 += value * b[first + l];
      sum1 += value * b[first + k + l];
      sum2 += value * b[first + 2 * k + l];
      sum3 += value * b[first + 3 * k + l];
    }
    out[to] = sum0;
    out[to + 1] = sum1;
    out[to + 2] = sum2;
    out[to + 3] = sum3;
  }

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
