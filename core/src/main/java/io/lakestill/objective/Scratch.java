package io.lakestill.objective;

/** Arrays that an objective keeps between steps: grown when a batch needs more, else reused. */
public final class Scratch {
  private Scratch() {}

  /** The array itself when it is long enough, else a new one; contents are undefined. */
  public static double[] atLeast(double[] array, int length) {
    return array != null && array.length >= length ? array : new double[length];
  }

  /** The rows themselves when there are enough and long enough, else new ones. */
  public static double[][] table(double[][] table, int rows, int width) {
    return table != null && table.length >= rows && (rows == 0 || table[0].length >= width)
        ? table
        : new double[rows][width];
  }
}
