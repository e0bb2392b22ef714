package io.lakestill.signal;

import io.lakestill.signal.codec.Codec;
import io.lakestill.signal.codec.Dense32;
import java.io.Serializable;
import java.util.List;

/**
 * A column of signals.
 *
 * @param name such as {@code logits}, {@code embedding} or {@code map_<layer>}
 * @param shape of one row's values, row-major, without the batch axis: {@code [10]} for logits,
 *     {@code [channels, height, width]} for a map
 * @param codec how it is stored
 */
public record SignalColumn(String name, List<Integer> shape, Codec codec) implements Serializable {
  private static final long serialVersionUID = 1L;

  /** The column every signal table has: the raw scores of the classes, never softened. */
  public static final String LOGITS = "logits";

  public SignalColumn {
    shape = List.copyOf(shape);
    if (!name.matches("[a-z][0-9A-Za-z_]*")) {
      throw new IllegalArgumentException(
          "a signal is named by letters, digits and '_', is '" + name + "'");
    }
    if (shape.isEmpty() || shape.stream().anyMatch(size -> size < 1)) {
      throw new IllegalArgumentException(name + " must have at least 1 value, is of " + shape);
    }
  }

  /** A signal that is stored as it comes. */
  public SignalColumn(String name, List<Integer> shape) {
    this(name, shape, new Dense32());
  }

  /** A flat signal of so many values, stored as they come. */
  public SignalColumn(String name, int width) {
    this(name, List.of(width));
  }

  /** Values per row. */
  public int width() {
    return shape.stream().reduce(1, Math::multiplyExact);
  }
}
