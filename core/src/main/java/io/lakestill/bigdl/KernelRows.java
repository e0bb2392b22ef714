package io.lakestill.bigdl;

/**
 * The weights of a square convolution, row by row of the kernel, as the products of {@link
 * ShiftedImage} want them. BigDL's own layout is {@code [out, in, ky, kx]}.
 */
final class KernelRows {
  private final int out;
  private final int in;
  private final int kernel;
  private final float[] values;

  KernelRows(int out, int in, int kernel) {
    this.out = out;
    this.in = in;
    this.kernel = kernel;
    this.values = new float[out * in * kernel * kernel];
  }

  int size() {
    return values.length;
  }

  float[] values() {
    return values;
  }

  /** Row ky becomes {@code [out, (in, kx)]}, as the convolution itself wants it. */
  void take(float[] weights, int offset) {
    int at = 0;
    for (int ky = 0; ky < kernel; ky++) {
      for (int o = 0; o < out; o++) {
        for (int i = 0; i < in; i++) {
          int from = offset + ((o * in + i) * kernel + ky) * kernel;
          for (int kx = 0; kx < kernel; kx++) {
            values[at++] = weights[from + kx];
          }
        }
      }
    }
  }

  /** Adds rows {@code [(in, kx), out]}, the form the kernel's gradient comes in. */
  void addTo(float[] gradient, int offset, float scale) {
    int at = 0;
    for (int ky = 0; ky < kernel; ky++) {
      for (int i = 0; i < in; i++) {
        for (int kx = 0; kx < kernel; kx++) {
          for (int o = 0; o < out; o++) {
            int to = offset + ((o * in + i) * kernel + ky) * kernel + kx;
            gradient[to] += scale * values[at++];
          }
        }
      }
    }
  }

  /**
   * Row ky becomes {@code [in, (out, kx)]} of the kernel turned by half a turn: with it the
   * gradient by the image is itself a convolution of the gradient by the output.
   */
  void takeTurned(float[] weights, int offset) {
    int at = 0;
    for (int ky = kernel - 1; ky >= 0; ky--) {
      for (int i = 0; i < in; i++) {
        for (int o = 0; o < out; o++) {
          int from = offset + ((o * in + i) * kernel + ky) * kernel;
          for (int kx = kernel - 1; kx >= 0; kx--) {
            values[at++] = weights[from + kx];
          }
        }
      }
    }
  }

  /** Adds rows {@code [(out, kx), in]} of the turned kernel, the form its gradient comes in. */
  void addTurnedTo(float[] gradient, int offset, float scale) {
    int at = 0;
    for (int ky = kernel - 1; ky >= 0; ky--) {
      for (int o = 0; o < out; o++) {
        for (int kx = kernel - 1; kx >= 0; kx--) {
          for (int i = 0; i < in; i++) {
            int to = offset + ((o * in + i) * kernel + ky) * kernel + kx;
            gradient[to] += scale * values[at++];
          }
        }
      }
    }
  }
}
