package io.lakestill.signal;

/**
 * A column of signals.
 *
 * @param name {@code logits}, {@code embedding} or {@code map_<layer>}
 * @param width values per row
 */
public record SignalColumn(String name, int width) {
  /** The column every signal table has: the raw scores of the classes, never softened. */
  public static final String LOGITS = "logits";

  public SignalColumn {
    if (!name.matches("[a-z][0-9A-Za-z_]*")) {
      throw new IllegalArgumentException(
          "a signal is named by letters, digits and '_', is '" + name + "'");
    }
    if (width < 1) {
      throw new IllegalArgumentException(name + " must have at least 1 value, has " + width);
    }
  }
}
