package io.lakestill.bigdl;

import java.util.Arrays;

/**
 * The planes of one padded image, once for each column of a square kernel and moved by it, so that
 * a convolution is one matrix product per row of the kernel.
 *
 * <p>Plane {@code c * kernel + kx} holds, for each row of the padded image, the value of channel c
 * at {@code x * stride + kx} for each column x of the output. Rows are grouped by their remainder
 * modulo the stride; then what row ky of the kernel meets is contiguous in every plane, from {@link
 * #start}. This copies the image {@code kernel} times, not {@code kernel^2} times as lowering to
 * one product does.
 */
final class ShiftedImage {
  private final int channels;
  private final int height;
  private final int width;
  private final int kernel;
  private final int stride;
  private final int padding;
  private final int outHeight;
  private final int outWidth;

  /** For each row of the padded image, where it lies in a plane. */
  private final int[] rowStarts;

  private final int pitch;
  private final float[] values;

  /**
   * @param kernel rows and columns of the kernel
   * @param padding zeros on each of the four sides
   */
  ShiftedImage(int channels, int height, int width, int kernel, int stride, int padding) {
    this.channels = channels;
    this.height = height;
    this.width = width;
    this.kernel = kernel;
    this.stride = stride;
    this.padding = padding;
    this.outHeight = (height + 2 * padding - kernel) / stride + 1;
    this.outWidth = (width + 2 * padding - kernel) / stride + 1;
    int rows = height + 2 * padding;
    this.rowStarts = new int[rows];
    int next = 0;
    for (int remainder = 0; remainder < stride; remainder++) {
      for (int row = remainder; row < rows; row += stride) {
        rowStarts[row] = next * outWidth;
        next++;
      }
    }
    this.pitch = rows * outWidth;
    this.values = new float[Math.multiplyExact(channels * kernel, pitch)];
  }

  int outHeight() {
    return outHeight;
  }

  int outWidth() {
    return outWidth;
  }

  boolean fits(int imageHeight, int imageWidth) {
    return height == imageHeight && width == imageWidth;
  }

  /** What row {@code ky} of the kernel meets: {@code [channels * kernel, outHeight * outWidth]}. */
  Blas.Matrix rows(int ky) {
    return new Blas.Matrix(values, rowStarts[ky], pitch);
  }

  /** Takes an image {@code [channels, height, width]}; the padding is zero from the beginning. */
  void take(float[] image, int offset) {
    boolean sameWidth = stride == 1 && outWidth == width;
    for (int channel = 0; channel < channels; channel++) {
      int plane = offset + channel * height * width;
      for (int kx = 0; kx < kernel; kx++) {
        int to = (channel * kernel + kx) * pitch;
        if (sameWidth) {
          shift(image, plane, kx - padding, to + padding * outWidth);
        } else {
          takeRows(image, plane, kx - padding, to);
        }
      }
    }
  }

  /** A plane moved as a whole: what wraps around from the next row is zeroed afterwards. */
  private void shift(float[] image, int plane, int by, int to) {
    int size = height * width;
    int gap = Math.abs(by);
    if (by >= 0) {
      System.arraycopy(image, plane + by, values, to, size - by);
    } else {
      System.arraycopy(image, plane, values, to + gap, size - gap);
    }
    int column = by >= 0 ? width - gap : 0;
    for (int row = 0; row < height; row++) {
      int at = to + row * width + column;
      for (int i = 0; i < gap; i++) {
        values[at + i] = 0f;
      }
    }
  }

  private void takeRows(float[] image, int plane, int by, int to) {
    int first = firstColumn(by);
    int end = endColumn(by);
    for (int row = 0; row < height; row++) {
      int at = to + rowStarts[row + padding];
      int from = plane + row * width + by;
      if (stride == 1) {
        System.arraycopy(image, from + first, values, at + first, Math.max(0, end - first));
      } else {
        for (int x = first; x < end; x++) {
          values[at + x] = image[from + x * stride];
        }
      }
    }
  }

  /** The first output column whose value lies in the image. */
  private int firstColumn(int by) {
    return by >= 0 ? 0 : (stride - 1 - by) / stride;
  }

  private int endColumn(int by) {
    return Math.min(outWidth, Math.floorDiv(width - 1 - by, stride) + 1);
  }

  /** All zero, to gather gradients in {@link #rows}. */
  void clear() {
    Arrays.fill(values, 0f);
  }

  /** The reverse of {@link #take}: each value of the image becomes the sum of its copies. */
  void give(float[] image, int offset) {
    Arrays.fill(image, offset, offset + channels * height * width, 0f);
    for (int channel = 0; channel < channels; channel++) {
      int plane = offset + channel * height * width;
      for (int kx = 0; kx < kernel; kx++) {
        int by = kx - padding;
        int from = (channel * kernel + kx) * pitch;
        int first = firstColumn(by);
        int end = endColumn(by);
        for (int row = 0; row < height; row++) {
          int at = from + rowStarts[row + padding];
          int to = plane + row * width + by;
          for (int x = first; x < end; x++) {
            image[to + x * stride] += values[at + x];
          }
        }
      }
    }
  }
}
