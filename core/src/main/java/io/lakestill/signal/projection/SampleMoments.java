package io.lakestill.signal.projection;

import java.io.Serializable;

/**
 * Mean and covariance of rows that come in batches, and in parts that are merged.
 *
 * <p>Each batch is centred by its own mean before products are summed, and parts are merged by the
 * update of Chan, Golub and LeVeque (1979), so a large mean costs no digits. Merged in the same
 * order, the same parts give the same bits.
 */
public final class SampleMoments implements Serializable {
  private static final long serialVersionUID = 1L;

  private final int width;
  private long count;
  private final double[] mean;

  /** The upper triangle of the summed products about the mean, row by row. */
  private final double[] products;

  /**
   * @param width values of a row
   */
  public SampleMoments(int width) {
    this.width = width;
    this.mean = new double[width];
    this.products = new double[Math.toIntExact((long) width * (width + 1) / 2)];
  }

  /** Rows so far. */
  public long count() {
    return count;
  }

  /** Values of a row. */
  public int width() {
    return width;
  }

  /**
   * Adds rows.
   *
   * @param rows {@code [count, width]}, all finite
   * @param number of rows, at least 1
   */
  public void add(float[] rows, int number) {
    double[] batchMean = new double[width];
    for (int r = 0; r < number; r++) {
      for (int i = 0; i < width; i++) {
        batchMean[i] += rows[r * width + i];
      }
    }
    for (int i = 0; i < width; i++) {
      batchMean[i] /= number;
    }
    double[] centred = new double[number * width];
    for (int r = 0; r < number; r++) {
      for (int i = 0; i < width; i++) {
        centred[r * width + i] = rows[r * width + i] - batchMean[i];
      }
    }
    int row = 0;
    for (int i = 0; i < width; i++) {
      // One row of the triangle stays in the cache while all rows of the batch pass by.
      for (int r = 0; r < number; r++) {
        addScaled(centred[r * width + i], centred, r * width, i, row);
      }
      row += width - i - 1;
    }
    mergeMeans(batchMean, number);
  }

  /** Adds {@code factor * values[offset + i ..]} to the row of the triangle that i begins. */
  private void addScaled(double factor, double[] values, int offset, int i, int row) {
    for (int k = i; k < width; k++) {
      products[row + k] += factor * values[offset + k];
    }
  }

  /** Adds what another part has seen. */
  public void merge(SampleMoments other) {
    if (other.width != width) {
      throw new IllegalArgumentException(
          "moments of %d values and of %d have no sum".formatted(width, other.width));
    }
    if (other.count == 0) {
      return;
    }
    for (int i = 0; i < products.length; i++) {
      products[i] += other.products[i];
    }
    mergeMeans(other.mean, other.count);
  }

  private void mergeMeans(double[] otherMean, long otherCount) {
    long total = count + otherCount;
    double between = (double) count * otherCount / total;
    double part = (double) otherCount / total;
    double[] difference = new double[width];
    for (int i = 0; i < width; i++) {
      difference[i] = otherMean[i] - mean[i];
      mean[i] += part * difference[i];
    }
    int row = 0;
    if (count > 0) {
      for (int i = 0; i < width; i++) {
        addScaled(between * difference[i], difference, 0, i, row);
        row += width - i - 1;
      }
    }
    count = total;
  }

  /** A copy of the mean, {@code [width]}. */
  public double[] mean() {
    return mean.clone();
  }

  /**
   * The unbiased covariance, {@code [width, width]}: its lower triangle by columns, which is the
   * upper one by rows; the other triangle is zero.
   */
  double[] covariance() {
    double[] covariance = new double[Math.multiplyExact(width, width)];
    int packed = 0;
    for (int i = 0; i < width; i++) {
      for (int k = i; k < width; k++) {
        covariance[i * width + k] = products[packed++] / (count - 1);
      }
    }
    return covariance;
  }
}
