package io.lakestill.objective.numeric;

/** Differences between the rows of a matrix. */
public final class Differences {
  private Differences() {}

  /** {@code out[i,j] = |x_i - x_j|^2}, formed from the differences, so that equal rows give 0. */
  public static void squared(double[] x, int rows, int width, double[] out) {
    for (int i = 0; i < rows; i++) {
      out[i * rows + i] = 0;
      for (int j = 0; j < i; j++) {
        double sum = 0;
        for (int d = 0; d < width; d++) {
          double difference = x[i * width + d] - x[j * width + d];
          sum += difference * difference;
        }
        out[i * rows + j] = sum;
        out[j * rows + i] = sum;
      }
    }
  }
}
