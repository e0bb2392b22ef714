package io.lakestill.signal.projection;

import java.util.Random;

/**
 * A projector that knows nothing of the signal: {@code W = sqrt(from / to) Q} with {@code Q: [from,
 * to]} of orthonormal columns that span a uniformly random subspace, and no mean.
 *
 * <p>{@code E[Q Q^T] = (to / from) I}, so the factor makes inner products and squared distances
 * what they were, in expectation; with {@code to} of the order of {@code log(n) / e^2} all
 * distances of n rows are kept within {@code 1 ± e} (Johnson and Lindenstrauss, 1984; for
 * orthonormal columns Dasgupta and Gupta, 2003).
 *
 * <p>{@code Q} is an orthogonalised matrix of Gaussians. They come from {@link Random}, whose
 * numbers Java fixes, and are made orthogonal by the modified Gram-Schmidt method, each column
 * twice, which leaves it orthogonal to rounding (Giraud, Langou and Rozložník, 2005). So the same
 * seed makes the same bits everywhere.
 */
public final class RandomProjection {
  private static final int PASSES = 2;

  private RandomProjection() {}

  /**
   * @param from values of a row
   * @param to values to keep, fewer
   */
  public static Projector of(int from, int to, long seed) {
    if (to < 1 || to >= from) {
      throw new IllegalArgumentException("%d values are not narrowed to %d".formatted(from, to));
    }
    Random random = new Random(seed);
    double[][] columns = new double[to][from];
    for (int j = 0; j < to; j++) {
      for (int i = 0; i < from; i++) {
        columns[j][i] = random.nextGaussian();
      }
      orthogonalise(columns, j);
    }
    return Projector.ofColumns(columns, Math.sqrt((double) from / to), new double[from]);
  }

  private static void orthogonalise(double[][] columns, int last) {
    double[] column = columns[last];
    for (int pass = 0; pass < PASSES; pass++) {
      for (int k = 0; k < last; k++) {
        double along = dot(columns[k], column);
        for (int i = 0; i < column.length; i++) {
          column[i] -= along * columns[k][i];
        }
      }
    }
    double norm = Math.sqrt(dot(column, column));
    for (int i = 0; i < column.length; i++) {
      column[i] /= norm;
    }
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
