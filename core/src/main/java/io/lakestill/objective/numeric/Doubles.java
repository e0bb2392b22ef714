package io.lakestill.objective.numeric;

import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;

/** Between the float arrays of a batch and the double arrays of the arithmetic. */
public final class Doubles {
  private Doubles() {}

  /** The values of a tensor in {@code reused}, or in a new array when that is too short. */
  public static double[] of(Tensor tensor, double[] reused) {
    double[] values = Scratch.atLeast(reused, tensor.size());
    for (int i = 0; i < tensor.size(); i++) {
      values[i] = tensor.at(i);
    }
    return values;
  }

  /** Adds {@code factor * values[0..size)} to an accumulator. */
  public static void addTo(Tensor accumulator, double factor, double[] values) {
    float[] data = accumulator.data();
    for (int i = 0; i < accumulator.size(); i++) {
      data[i] += (float) (factor * values[i]);
    }
  }

  /** {@code sum_i a[offsetA + i] b[offsetB + i]} over {@code n} entries. */
  public static double dot(double[] a, int offsetA, double[] b, int offsetB, int n) {
    // Four sums, so that an addition need not wait for the one before it.
    double first = 0;
    double second = 0;
    double third = 0;
    double fourth = 0;
    int i = 0;
    for (; i + 3 < n; i += 4) {
      first += a[offsetA + i] * b[offsetB + i];
      second += a[offsetA + i + 1] * b[offsetB + i + 1];
      third += a[offsetA + i + 2] * b[offsetB + i + 2];
      fourth += a[offsetA + i + 3] * b[offsetB + i + 3];
    }
    for (; i < n; i++) {
      first += a[offsetA + i] * b[offsetB + i];
    }
    return first + second + third + fourth;
  }

  /** {@code x^exponent} for a small whole exponent, 0 or above. */
  public static double power(double x, int exponent) {
    double power = 1;
    for (int i = 0; i < exponent; i++) {
      power *= x;
    }
    return power;
  }
}
