package io.lakestill.objective.numeric;

/**
 * Rows divided by their Euclidean norm.
 *
 * <p>{@code y = x / max(|x|, floor)}. A row below the floor is only scaled, so a zero row stays
 * zero.
 */
public final class UnitRows {
  private UnitRows() {}

  /**
   * Divides each of the rows in place.
   *
   * @param norms receives the norm of each row before the floor
   */
  public static void normalise(double[] values, int rows, int width, double floor, double[] norms) {
    for (int row = 0; row < rows; row++) {
      int offset = row * width;
      norms[row] = Math.sqrt(Doubles.dot(values, offset, values, offset, width));
      double divisor = Math.max(norms[row], floor);
      // A row of zeros without a floor has no direction; it stays zero.
      for (int i = 0; i < width && divisor > 0; i++) {
        values[offset + i] /= divisor;
      }
    }
  }

  /**
   * The chain rule in place: on entry {@code gradient = d loss / d y}, on return {@code d loss / d
   * x}.
   *
   * @param unit the rows as {@link #normalise} left them
   */
  public static void backward(
      double[] gradient, double[] unit, double[] norms, int rows, int width, double floor) {
    for (int row = 0; row < rows; row++) {
      int offset = row * width;
      double divisor = Math.max(norms[row], floor);
      double along = norms[row] > floor ? Doubles.dot(gradient, offset, unit, offset, width) : 0;
      for (int i = offset; i < offset + width; i++) {
        gradient[i] = divisor > 0 ? (gradient[i] - along * unit[i]) / divisor : 0;
      }
    }
  }
}
