package io.lakestill.objective;

import java.io.Serializable;
import java.util.Arrays;

/**
 * Whole numbers of a batch, such as class indices or rows of a memory bank; row-major, 0-based. The
 * array stays the caller's and may be refilled between steps.
 */
public final class Indices implements Serializable {
  private static final long serialVersionUID = 1L;

  private final int[] shape;
  private final int[] data;

  public Indices(int[] shape, int[] data) {
    this.shape = shape.clone();
    this.data = data;
    if (data.length < Tensor.volume(shape, 0)) {
      throw new IllegalArgumentException(
          "Shape %s needs %d values, the array has %d."
              .formatted(Arrays.toString(shape), Tensor.volume(shape, 0), data.length));
    }
  }

  /** One index per row. */
  public static Indices of(int... data) {
    return new Indices(new int[] {data.length}, data);
  }

  /** The first dimension. */
  public int rows() {
    return shape[0];
  }

  /** The number of values of one row. */
  public int width() {
    return Tensor.volume(shape, 1);
  }

  /** The caller's array itself. */
  public int[] data() {
    return data;
  }
}
