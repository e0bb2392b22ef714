package io.lakestill.signal;

import java.util.List;

/**
 * A column of signals.
 *
 * @param name such as {@code logits}, {@code embedding} or {@code map_<layer>}
 * @param shape of one row's values, row-major, without the batch axis: {@code [10]} for logits,
 *     {@code [channels, height, width]} for a map
 */
public record SignalColumn(String name, List<Integer> shape) {
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

  /** A flat signal of so many values. */
  public SignalColumn(String name, int width) {
    this(name, List.of(width));
  }

  /** Values per row. */
  public int width() {
    return shape.stream().reduce(1, Math::multiplyExact);
  }
}
