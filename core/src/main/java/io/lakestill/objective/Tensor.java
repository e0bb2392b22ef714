package io.lakestill.objective;

import java.io.Serializable;
import java.util.Arrays;

/**
 * A shape over a row-major {@code float[]} that stays the caller's: it may be refilled between
 * steps, and may be longer than the shape needs, so that a smaller batch can use the same buffer.
 */
public final class Tensor implements Serializable {
  private static final long serialVersionUID = 1L;

  private final int[] shape;
  private final float[] data;
  private final double[] exact;
  private final int width;

  /**
   * @param shape rows first, such as {@code [batch, classes]} or {@code [batch, channels, h, w]}
   * @param data the values; not copied
   */
  public Tensor(int[] shape, float[] data) {
    this(shape, data, null);
  }

  private Tensor(int[] shape, float[] data, double[] exact) {
    this.shape = shape.clone();
    this.data = data;
    this.exact = exact;
    this.width = volume(shape, 1);
    if (data.length < volume(shape, 0)) {
      throw new IllegalArgumentException(
          "Shape %s needs %d values, the array has %d."
              .formatted(Arrays.toString(shape), volume(shape, 0), data.length));
    }
  }

  /** Values that floats would round, as reference cases have; {@link #data} holds them rounded. */
  public static Tensor exact(int[] shape, double[] values) {
    float[] rounded = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      rounded[i] = (float) values[i];
    }
    return new Tensor(shape, rounded, values);
  }

  public static Tensor zeros(int... shape) {
    return new Tensor(shape, new float[volume(shape, 0)]);
  }

  /** The product of the dimensions from {@code first} on. */
  static int volume(int[] shape, int first) {
    int volume = 1;
    for (int i = first; i < shape.length; i++) {
      if (shape[i] < 0) {
        throw new IllegalArgumentException("Negative dimension in " + Arrays.toString(shape));
      }
      volume = Math.multiplyExact(volume, shape[i]);
    }
    return volume;
  }

  /** The first dimension. */
  public int rows() {
    return shape.length == 0 ? 1 : shape[0];
  }

  /** The number of values of one row: the product of all dimensions but the first. */
  public int width() {
    return width;
  }

  public int size() {
    return rows() * width;
  }

  public int rank() {
    return shape.length;
  }

  public int dimension(int axis) {
    return shape[axis];
  }

  public int[] shape() {
    return shape.clone();
  }

  public boolean sameShape(Tensor other) {
    return Arrays.equals(shape, other.shape);
  }

  /** One value, in all the precision the tensor has. */
  public double at(int index) {
    return exact == null ? data[index] : exact[index];
  }

  /** The caller's array itself. */
  public float[] data() {
    return data;
  }

  @Override
  public String toString() {
    return "Tensor" + Arrays.toString(shape);
  }
}
