package io.lakestill.student;

import java.util.List;

/**
 * One array of numbers that a layer owns.
 *
 * @param name {@code <layer>.weight}, {@code .bias}, {@code .mean} or {@code .variance}
 * @param shape the layout PyTorch and ONNX share: convolution {@code [out, in, height, width]},
 *     linear {@code [out, in]}, everything else {@code [channels]}
 * @param role who changes it
 */
public record ParameterSpec(String name, List<Integer> shape, Role role) {
  /** Who changes a parameter during training. */
  public enum Role {
    /** The optimizer, by its gradient. */
    TRAINABLE,
    /** The layer itself: the running statistics of a batch normalisation. */
    RUNNING
  }

  public ParameterSpec {
    shape = List.copyOf(shape);
    double size = shape.stream().mapToDouble(Integer::doubleValue).reduce(1, (a, b) -> a * b);
    if (size > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "parameter '%s' of shape %s holds more values than one array can".formatted(name, shape));
    }
  }

  /** The number of values. */
  public int size() {
    return shape.stream().reduce(1, Math::multiplyExact);
  }

  static ParameterSpec trainable(String name, Integer... shape) {
    return new ParameterSpec(name, List.of(shape), Role.TRAINABLE);
  }

  static ParameterSpec running(String name, Integer... shape) {
    return new ParameterSpec(name, List.of(shape), Role.RUNNING);
  }
}
