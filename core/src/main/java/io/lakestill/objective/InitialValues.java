package io.lakestill.objective;

import java.io.Serializable;
import java.util.Arrays;
import java.util.SplittableRandom;

/** The values a head or a memory starts with. */
public sealed interface InitialValues extends Serializable {

  /** Values for a tensor of so many elements; the same for the same seed. */
  float[] draw(int size, long seed);

  /** One value everywhere. */
  record Constant(double value) implements InitialValues {
    @Override
    public float[] draw(int size, long seed) {
      float[] values = new float[size];
      Arrays.fill(values, (float) value);
      return values;
    }
  }

  /** Uniform in {@code [-bound, bound)}. */
  record Uniform(double bound) implements InitialValues {
    @Override
    public float[] draw(int size, long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      float[] values = new float[size];
      for (int i = 0; i < size; i++) {
        values[i] = (float) ((2 * random.nextDouble() - 1) * bound);
      }
      return values;
    }
  }

  /** Rows of normally distributed directions, each of length 1. */
  record UnitRows(int width) implements InitialValues {
    @Override
    public float[] draw(int size, long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      float[] values = new float[size];
      double[] row = new double[width];
      for (int at = 0; at < size; at += width) {
        double norm = 0;
        for (int i = 0; i < width; i++) {
          row[i] = normal(random);
          norm += row[i] * row[i];
        }
        norm = Math.sqrt(norm);
        for (int i = 0; i < width; i++) {
          values[at + i] = (float) (row[i] / norm);
        }
      }
      return values;
    }
  }

  /** Normally distributed values, each column of the matrix scaled to length 1. */
  record UnitColumns(int width) implements InitialValues {
    @Override
    public float[] draw(int size, long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      float[] values = new float[size];
      double[] squares = new double[width];
      for (int i = 0; i < size; i++) {
        values[i] = (float) normal(random);
        squares[i % width] += (double) values[i] * values[i];
      }
      for (int i = 0; i < size; i++) {
        values[i] /= (float) Math.sqrt(squares[i % width]);
      }
      return values;
    }
  }

  /** Box and Muller, 1958. */
  private static double normal(SplittableRandom random) {
    double radius = Math.sqrt(-2 * Math.log(1 - random.nextDouble()));
    return radius * Math.cos(2 * Math.PI * random.nextDouble());
  }

  /** The default of a linear layer in PyTorch: uniform within {@code 1 / sqrt(inputs)}. */
  static InitialValues linear(int inputs) {
    return new Uniform(1 / Math.sqrt(inputs));
  }

  InitialValues ZERO = new Constant(0);
}
