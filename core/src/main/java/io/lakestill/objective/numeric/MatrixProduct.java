package io.lakestill.objective.numeric;

import java.io.Serializable;
import java.util.Arrays;

/**
 * Products of row-major matrices. A product is written over what its target holds, except by the
 * methods that add.
 *
 * <p>One kernel serves them all: eight rows of the right factor, copied to a panel of constant row
 * length, are added with their weights to one line of the target. Lines and panels are arrays of
 * their own, and the kernel always does a whole line, because the compiler makes vector
 * instructions only of a loop of known length whose array accesses differ by constants. Copying is
 * also all that a transposed right factor costs.
 *
 * <p>Like the objective it belongs to, it keeps its scratch and serves one thread.
 */
public final class MatrixProduct implements Serializable {
  private static final long serialVersionUID = 1L;

  private static final int COLUMNS = 64;

  /** The rows of a panel. */
  private static final int DEPTH = 8;

  /** The panels of a block: 32 KiB, which a first-level cache holds. */
  private static final int PANELS = 8;

  private final Factor left = new Factor();
  private final Factor right = new Factor();
  private transient double[][] panels;
  private transient double[] line;

  /** {@code out[m,n] = a[m,k] b[k,n]}. */
  public void multiply(double[] a, double[] b, int m, int k, int n, double[] out) {
    multiply(a, 0, b, 0, m, k, n, out, 0);
  }

  /** {@code out = a b}, each matrix from an offset of its array on. */
  public void multiply(
      double[] a, int aAt, double[] b, int bAt, int m, int k, int n, double[] out, int outAt) {
    left.is(a, aAt, k, 1);
    right.is(b, bAt, n, 1);
    product(0, m, k, n, out, outAt, n);
  }

  /** Adds {@code a[m,k] b[k,n]} to {@code out[m,n]}. */
  public void addMultiply(double[] a, double[] b, int m, int k, int n, double[] out) {
    left.is(a, 0, k, 1);
    right.is(b, 0, n, 1);
    product(1, m, k, n, out, 0, n);
  }

  /** Adds {@code a[k,m]^T b[k,n]} to {@code out[m,n]}. */
  public void addTransposedMultiply(double[] a, double[] b, int m, int k, int n, double[] out) {
    left.is(a, 0, 1, m);
    right.is(b, 0, n, 1);
    product(1, m, k, n, out, 0, n);
  }

  /** {@code out[m,n] = a[k,m]^T b[k,n]}. */
  public void transposedMultiply(double[] a, double[] b, int m, int k, int n, double[] out) {
    transposedMultiply(a, 0, b, 0, m, k, n, out, 0);
  }

  /** {@code out = a^T b}, each matrix from an offset of its array on. */
  public void transposedMultiply(
      double[] a, int aAt, double[] b, int bAt, int m, int k, int n, double[] out, int outAt) {
    left.is(a, aAt, 1, m);
    right.is(b, bAt, n, 1);
    product(0, m, k, n, out, outAt, n);
  }

  /** {@code out[m,n] = a[m,k] b[n,k]^T}. */
  public void multiplyTransposed(double[] a, double[] b, int m, int k, int n, double[] out) {
    multiplyTransposed(a, 0, b, 0, m, k, n, out, 0);
  }

  /** {@code out = a b^T}, each matrix from an offset of its array on. */
  public void multiplyTransposed(
      double[] a, int aAt, double[] b, int bAt, int m, int k, int n, double[] out, int outAt) {
    left.is(a, aAt, k, 1);
    right.is(b, bAt, 1, k);
    product(0, m, k, n, out, outAt, n);
  }

  /** Adds {@code a b^T} to {@code out}, each matrix from an offset of its array on. */
  public void addMultiplyTransposed(
      double[] a, int aAt, double[] b, int bAt, int m, int k, int n, double[] out, int outAt) {
    left.is(a, aAt, k, 1);
    right.is(b, bAt, 1, k);
    product(1, m, k, n, out, outAt, n);
  }

  /** {@code out[n,n] = x[n,k] x[n,k]^T}: each inner product is formed once. */
  public void gram(double[] x, int n, int k, double[] out) {
    gram(x, 0, n, k, out, 0);
  }

  /** {@code out = x x^T}, each matrix from an offset of its array on. */
  public void gram(double[] x, int at, int n, int k, double[] out, int outAt) {
    for (int first = 0; first < n; first += COLUMNS) {
      int columns = Math.min(COLUMNS, n - first);
      left.is(x, at + first * k, k, 1);
      right.is(x, at + first * k, 1, k);
      product(0, n - first, k, columns, out, outAt + first * n + first, n);
    }
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        out[outAt + j * n + i] = out[outAt + i * n + j];
      }
    }
  }

  /** A matrix whose entry {@code (i, j)} is {@code values[at + i * row + j * column]}. */
  private static final class Factor implements Serializable {
    private static final long serialVersionUID = 1L;

    private transient double[] values;
    private int at;
    private int row;
    private int column;

    void is(double[] values, int at, int row, int column) {
      this.values = values;
      this.at = at;
      this.row = row;
      this.column = column;
    }
  }

  /**
   * Forms the product of the two factors in a part of {@code out}.
   *
   * @param kept how often what {@code out} holds counts: once or not at all
   * @param pitch from one row of {@code out} to the next
   */
  private void product(int kept, int m, int k, int n, double[] out, int outAt, int pitch) {
    if (panels == null) {
      panels = new double[PANELS][DEPTH * COLUMNS];
      line = new double[COLUMNS];
    }
    for (int column = 0; column < n; column += COLUMNS) {
      int width = Math.min(COLUMNS, n - column);
      for (int depth = 0; depth < k; depth += DEPTH * PANELS) {
        int deep = Math.min(DEPTH * PANELS, k - depth);
        for (int l = 0; l < deep; l += DEPTH) {
          fill(panels[l / DEPTH], right, depth + l, k, column, width);
        }
        for (int i = 0; i < m; i++) {
          int to = outAt + i * pitch + column;
          int from = left.at + i * left.row + depth * left.column;
          if (kept + depth == 0) {
            Arrays.fill(line, 0.0);
          } else {
            System.arraycopy(out, to, line, 0, width);
          }
          addPanels(left.values, from, left.column, deep);
          System.arraycopy(line, 0, out, to, width);
        }
      }
    }
  }

  /** Copies rows {@code depth...} of {@code b} to a panel; rows from {@code k} on are zero. */
  private static void fill(double[] panel, Factor b, int depth, int k, int column, int width) {
    int rows = Math.min(DEPTH, k - depth);
    int from = b.at + depth * b.row + column * b.column;
    if (b.column == 1) {
      for (int l = 0; l < rows; l++) {
        System.arraycopy(b.values, from + l * b.row, panel, l * COLUMNS, width);
      }
    } else {
      for (int j = 0; j < width; j++) {
        for (int l = 0; l < rows; l++) {
          panel[l * COLUMNS + j] = b.values[from + j * b.column + l * b.row];
        }
      }
    }
    Arrays.fill(panel, rows * COLUMNS, DEPTH * COLUMNS, 0.0);
  }

  private void addPanels(double[] a, int from, int stride, int deep) {
    int l = 0;
    for (; l + DEPTH <= deep; l += DEPTH) {
      int at = from + l * stride;
      addPanel(
          a[at],
          a[at + stride],
          a[at + 2 * stride],
          a[at + 3 * stride],
          a[at + 4 * stride],
          a[at + 5 * stride],
          a[at + 6 * stride],
          a[at + 7 * stride],
          panels[l / DEPTH],
          line);
    }
    if (l < deep) {
      int at = from + l * stride;
      int rest = deep - l;
      addPanel(
          a[at],
          rest > 1 ? a[at + stride] : 0,
          rest > 2 ? a[at + 2 * stride] : 0,
          rest > 3 ? a[at + 3 * stride] : 0,
          rest > 4 ? a[at + 4 * stride] : 0,
          rest > 5 ? a[at + 5 * stride] : 0,
          rest > 6 ? a[at + 6 * stride] : 0,
          0,
          panels[l / DEPTH],
          line);
    }
  }

  private static void addPanel(
      double a0,
      double a1,
      double a2,
      double a3,
      double a4,
      double a5,
      double a6,
      double a7,
      double[] panel,
      double[] line) {
    for (int j = 0; j < COLUMNS; j++) {
      line[j] +=
          a0 * panel[j]
              + a1 * panel[j + COLUMNS]
              + a2 * panel[j + 2 * COLUMNS]
              + a3 * panel[j + 3 * COLUMNS]
              + a4 * panel[j + 4 * COLUMNS]
              + a5 * panel[j + 5 * COLUMNS]
              + a6 * panel[j + 6 * COLUMNS]
              + a7 * panel[j + 7 * COLUMNS];
    }
  }
}
