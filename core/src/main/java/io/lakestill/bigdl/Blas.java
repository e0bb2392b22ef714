package io.lakestill.bigdl;

import com.intel.analytics.bigdl.mkl.MKL;
import java.util.Arrays;

/**
 * Products of row-major matrices that lie anywhere in arrays, by the MKL that BigDL carries. One
 * thread each: the cores share the rows of a batch, not a product.
 */
final class Blas {
  private static volatile float[] ones = new float[0];

  static {
    singleThreaded();
  }

  private Blas() {}

  /** Keeps MKL from starting threads under the calling one. */
  static void singleThreaded() {
    MKL.setNumThreads(1);
  }

  /** How a matrix lies in its array: where it begins, how far apart its rows are. */
  record Matrix(float[] values, int offset, int stride) {}

  /** Whether a factor is taken as it lies or with rows and columns exchanged. */
  enum Form {
    PLAIN('N'),
    TRANSPOSED('T');

    private final char name;

    Form(char name) {
      this.name = name;
    }
  }

  /**
   * {@code c = alpha * a * b + beta * c}, where a is {@code [rows, inner]} and b {@code [inner,
   * columns]} once they are in their forms.
   */
  static void product(
      int rows,
      int columns,
      int inner,
      float alpha,
      Form formA,
      Matrix a,
      Form formB,
      Matrix b,
      float beta,
      Matrix c) {
    // MKL is called column-major: the transposed product, its factors exchanged.
    MKL.vsgemm(
        formB.name,
        formA.name,
        columns,
        rows,
        inner,
        alpha,
        b.values,
        b.offset,
        b.stride,
        a.values,
        a.offset,
        a.stride,
        beta,
        c.values,
        c.offset,
        c.stride);
  }

  /**
   * {@code sums[at + row] += alpha * sum of the row}, for rows of {@code width} one after another.
   */
  static void addRowSums(
      float[] values, int offset, int rows, int width, float alpha, float[] sums, int at) {
    MKL.vsgemv('T', width, rows, alpha, values, offset, width, ones(width), 0, 1, 1f, sums, at, 1);
  }

  /** {@code sums[at + column] += alpha * sum of the column}. */
  static void addColumnSums(
      float[] values, int offset, int rows, int width, float alpha, float[] sums, int at) {
    MKL.vsgemv('N', width, rows, alpha, values, offset, width, ones(rows), 0, 1, 1f, sums, at, 1);
  }

  /** The inner product of two runs of {@code size} values. */
  static float dot(float[] a, int offsetA, float[] b, int offsetB, int size) {
    return MKL.vsdot(size, a, offsetA, 1, b, offsetB, 1);
  }

  private static float[] ones(int size) {
    float[] known = ones;
    if (known.length < size) {
      known = new float[size];
      Arrays.fill(known, 1f);
      ones = known;
    }
    return known;
  }
}
