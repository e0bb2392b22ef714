package io.lakestill.objective.numeric;

import io.lakestill.objective.Scratch;
import java.io.Serializable;
import java.util.Arrays;

/** Distances between the rows of two matrices. */
public final class Differences implements Serializable {
  private static final long serialVersionUID = 1L;

  private transient double[][] columns;
  private transient double[] line;

  /** {@code out[i,j] = |x_i - x_j|^2}, formed from the differences, so that equal rows give 0. */
  public void squared(double[] x, int rows, int width, double[] out) {
    squared(x, rows, x, rows, width, out);
  }

  /** {@code out[i,j] = |x_i - y_j|^2} of {@code m} rows and {@code n}. */
  public void squared(double[] x, int m, double[] y, int n, int width, double[] out) {
    columns = Scratch.table(columns, width, n);
    line = Scratch.atLeast(line, n);
    for (int j = 0; j < n; j++) {
      for (int d = 0; d < width; d++) {
        columns[d][j] = y[j * width + d];
      }
    }
    for (int i = 0; i < m; i++) {
      Arrays.fill(line, 0, n, 0.0);
      for (int d = 0; d < width; d++) {
        add(x[i * width + d], columns[d], line, n);
      }
      System.arraycopy(line, 0, out, i * n, n);
    }
  }

  private static void add(double value, double[] column, double[] line, int n) {
    for (int j = 0; j < n; j++) {
      double difference = value - column[j];
      line[j] += difference * difference;
    }
  }
}
