package io.lakestill.signal.projection;

import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.io.FloatTensor;
import io.lakestill.io.SafeTensors;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Narrows rows of a signal: {@code y = (x - mean) W}.
 *
 * <p>{@code x: [from]}, {@code mean: [from]}, {@code W: [from, to]}, {@code y: [to]}. Products and
 * sums are double, in the order of the rows of {@code W}, so that a result depends on nothing but
 * its row; a sum beyond the floats becomes infinite. Its file is a safetensors file of {@code
 * matrix} and {@code mean}, so that any tool can project as Lakestill did.
 */
public final class Projector implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final String MATRIX = "matrix";
  private static final String MEAN = "mean";

  /** Columns that are summed at once, each in a register. */
  private static final int BLOCK = 8;

  private final int from;
  private final int to;
  private final float[] matrix;
  private final float[] mean;

  /** Owns its arrays. */
  Projector(int from, int to, float[] matrix, float[] mean) {
    if (to < 1 || to >= from) {
      throw new IllegalArgumentException("%d values are not narrowed to %d".formatted(from, to));
    }
    if (matrix.length != Math.multiplyExact(from, to) || mean.length != from) {
      throw new IllegalArgumentException(
          "a projector of [%d, %d] has %d numbers and a mean of %d"
              .formatted(from, to, matrix.length, mean.length));
    }
    this.from = from;
    this.to = to;
    this.matrix = matrix;
    this.mean = mean;
  }

  /**
   * From columns, as they come out of orthogonalisations and eigensolvers.
   *
   * @param columns {@code [to][from]}
   * @param scale of every entry
   * @param mean {@code [from]}
   */
  static Projector ofColumns(double[][] columns, double scale, double[] mean) {
    int to = columns.length;
    int from = mean.length;
    float[] matrix = new float[Math.multiplyExact(from, to)];
    float[] center = new float[from];
    for (int i = 0; i < from; i++) {
      center[i] = (float) mean[i];
      for (int j = 0; j < to; j++) {
        matrix[i * to + j] = (float) (scale * columns[j][i]);
      }
    }
    return new Projector(from, to, matrix, center);
  }

  /** Values of a row before. */
  public int from() {
    return from;
  }

  /** Values of a row after. */
  public int to() {
    return to;
  }

  /**
   * Narrows one row.
   *
   * @param in holds the row at {@code [offset, offset + from)}
   * @param out receives the row at {@code [at, at + to)}; another array than {@code in}
   */
  public void apply(float[] in, int offset, float[] out, int at) {
    int column = 0;
    for (; column + BLOCK <= to; column += BLOCK) {
      block(in, offset, out, at, column);
    }
    for (; column < to; column++) {
      double sum = 0;
      for (int i = 0, w = column; i < from; i++, w += to) {
        sum += ((double) in[offset + i] - mean[i]) * matrix[w];
      }
      out[at + column] = (float) sum;
    }
  }

  /** Eight columns in eight registers: one pass over the row, and no array between. */
  private void block(float[] in, int offset, float[] out, int at, int column) {
    double sum0 = 0;
    double sum1 = 0;
    double sum2 = 0;
    double sum3 = 0;
    double sum4 = 0;
    double sum5 = 0;
    double sum6 = 0;
    double sum7 = 0;
    for (int i = 0, w = column; i < from; i++, w += to) {
      double x = (double) in[offset + i] - mean[i];
      sum0 += x * matrix[w];
      sum1 += x * matrix[w + 1];
      sum2 += x * matrix[w + 2];
      sum3 += x * matrix[w + 3];
      sum4 += x * matrix[w + 4];
      sum5 += x * matrix[w + 5];
      sum6 += x * matrix[w + 6];
      sum7 += x * matrix[w + 7];
    }
    int first = at + column;
    out[first] = (float) sum0;
    out[first + 1] = (float) sum1;
    out[first + 2] = (float) sum2;
    out[first + 3] = (float) sum3;
    out[first + 4] = (float) sum4;
    out[first + 5] = (float) sum5;
    out[first + 6] = (float) sum6;
    out[first + 7] = (float) sum7;
  }

  /** A file of it. */
  public byte[] toSafeTensors() {
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    tensors.put(MATRIX, FloatTensor.of(List.of(from, to), matrix));
    tensors.put(MEAN, FloatTensor.of(List.of(from), mean));
    return SafeTensors.write(tensors);
  }

  /**
   * @param file what {@link #toSafeTensors} made
   * @param origin where it comes from, for messages
   * @throws LakestillException (exit 3) when it is no sound file of a projector
   */
  public static Projector fromSafeTensors(byte[] file, String origin) {
    Map<String, FloatTensor> tensors = SafeTensors.read(file, origin);
    if (!tensors.keySet().equals(Set.of(MATRIX, MEAN))) {
      throw noProjector(origin, "it has tensors " + tensors.keySet());
    }
    FloatTensor matrix = tensors.get(MATRIX);
    FloatTensor mean = tensors.get(MEAN);
    if (matrix.shape().size() != 2 || mean.shape().size() != 1) {
      throw noProjector(
          origin, "its matrix is of %s, its mean of %s".formatted(matrix.shape(), mean.shape()));
    }
    try {
      return new Projector(
          matrix.shape().get(0), matrix.shape().get(1), matrix.values(), mean.values());
    } catch (IllegalArgumentException e) {
      throw noProjector(origin, e.getMessage());
    }
  }

  private static LakestillException noProjector(String origin, String why) {
    return Errors.badInput(
        "'%s' is no projector: %s; restore it, or teach again.".formatted(origin, why));
  }
}
