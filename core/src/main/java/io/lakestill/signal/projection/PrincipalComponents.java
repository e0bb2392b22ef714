package io.lakestill.signal.projection;

import java.util.Arrays;
import org.netlib.lapack.Dsyevd;
import org.netlib.util.intW;

/**
 * A projector made of the directions in which a sample varies most: {@code y = (x - mean) V} with
 * {@code V: [from, to]} the eigenvectors of the sample's covariance with the largest eigenvalues,
 * in falling order. No other projector of that width keeps more of the sample's variance.
 *
 * <p>The eigenvectors are LAPACK's ({@code dsyevd}, divide and conquer), in Java, so that every
 * machine gives the same bits. Their signs are free; the entry of largest magnitude, the first
 * among equals, is made positive.
 *
 * @param projector the projector
 * @param explained the part of the variance it keeps, in (0, 1]
 */
public record PrincipalComponents(Projector projector, double explained) {
  /**
   * Values of a row up to which this is affordable: the covariance and LAPACK's work space take 32
   * bytes for each pair of values, half a GiB here.
   */
  public static final int MOST = 4096;

  /**
   * The variance that rounding leaves of rows that are the same is 1e-32 of their squares, that of
   * a float's last bit in one of a million rows is above 1e-21.
   */
  private static final double ROUNDING = 1e-24;

  /**
   * @param sample of at least {@code to + 1} rows, for a mean takes one
   * @param to components to keep, fewer than a row has values
   * @throws IllegalArgumentException when there are too few rows, or all are the same
   */
  public static PrincipalComponents of(SampleMoments sample, int to) {
    int from = sample.width();
    if (from > MOST) {
      throw new IllegalArgumentException("%d values are too many".formatted(from));
    }
    if (sample.count() <= to) {
      throw new IllegalArgumentException(
          "%d components need at least %d rows, there are %d"
              .formatted(to, to + 1, sample.count()));
    }
    double[] vectors = sample.covariance();
    double[] values = eigen(vectors, from);
    double all = Arrays.stream(values).sum();
    double[][] columns = new double[to][];
    double kept = 0;
    for (int j = 0; j < to; j++) {
      int place = from - 1 - j;
      columns[j] = signed(Arrays.copyOfRange(vectors, place * from, (place + 1) * from));
      kept += values[place];
    }
    double level = Arrays.stream(sample.mean()).map(mean -> mean * mean).sum();
    if (!(all > ROUNDING * level) || !(all > 0)) {
      throw new IllegalArgumentException(
          "all %d rows are the same, so they have no components".formatted(sample.count()));
    }
    return new PrincipalComponents(
        Projector.ofColumns(columns, 1, sample.mean()), Math.min(1, kept / all));
  }

  /**
   * Replaces a symmetric matrix, of which the lower triangle by columns is read, by its
   * eigenvectors, one after another.
   *
   * @return the eigenvalues, rising
   */
  private static double[] eigen(double[] matrix, int n) {
    double[] values = new double[n];
    double[] size = new double[1];
    int[] integers = new int[1];
    intW info = new intW(0);
    Dsyevd.dsyevd("V", "L", n, matrix, 0, n, values, 0, size, 0, -1, integers, 0, -1, info);
    double[] work = new double[(int) size[0]];
    int[] whole = new int[integers[0]];
    Dsyevd.dsyevd(
        "V", "L", n, matrix, 0, n, values, 0, work, 0, work.length, whole, 0, whole.length, info);
    if (info.val != 0) {
      throw new ArithmeticException("dsyevd found no eigenvectors, info " + info.val);
    }
    return values;
  }

  private static double[] signed(double[] vector) {
    int largest = 0;
    for (int i = 1; i < vector.length; i++) {
      if (Math.abs(vector[i]) > Math.abs(vector[largest])) {
        largest = i;
      }
    }
    if (vector[largest] < 0) {
      for (int i = 0; i < vector.length; i++) {
        vector[i] = -vector[i];
      }
    }
    return vector;
  }
}
