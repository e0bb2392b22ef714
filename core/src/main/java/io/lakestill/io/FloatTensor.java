package io.lakestill.io;

import java.util.Arrays;
import java.util.List;

/** Immutable float32 numbers with a shape, row-major. */
public final class FloatTensor {
  private final List<Integer> shape;
  private final float[] values;

  private FloatTensor(List<Integer> shape, float[] values) {
    this.shape = List.copyOf(shape);
    this.values = values;
  }

  /**
   * Copies the values.
   *
   * @throws IllegalArgumentException when their number is not the product of the shape
   */
  public static FloatTensor of(List<Integer> shape, float[] values) {
    return owning(shape, values.clone());
  }

  /** Takes the array over; the caller forgets it. */
  static FloatTensor owning(List<Integer> shape, float[] values) {
    double size = shape.stream().mapToDouble(Integer::doubleValue).reduce(1, (a, b) -> a * b);
    if (size != values.length || shape.stream().anyMatch(axis -> axis < 0)) {
      throw new IllegalArgumentException(
          "shape %s does not fit %d values".formatted(shape, values.length));
    }
    return new FloatTensor(shape, values);
  }

  public List<Integer> shape() {
    return shape;
  }

  public int size() {
    return values.length;
  }

  /** The array itself, which nobody changes. */
  float[] array() {
    return values;
  }

  /** A copy, the caller's own. */
  public float[] values() {
    return values.clone();
  }

  public float at(int index) {
    return values[index];
  }

  /** Equal shapes and values, by their bits: NaN equals itself, 0 does not equal -0. */
  @Override
  public boolean equals(Object other) {
    return other instanceof FloatTensor tensor
        && shape.equals(tensor.shape)
        && Arrays.equals(values, tensor.values);
  }

  @Override
  public int hashCode() {
    return 31 * shape.hashCode() + Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return "FloatTensor" + shape;
  }
}
