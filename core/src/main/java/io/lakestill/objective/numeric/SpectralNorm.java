package io.lakestill.objective.numeric;

import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;

/**
 * The largest singular value of a matrix, by power iteration to convergence.
 *
 * <p>{@code sigma = u^T W v}; its derivative by W is {@code u v^T}.
 */
public final class SpectralNorm implements java.io.Serializable {
  private static final long serialVersionUID = 1L;
  private static final int MOST_ITERATIONS = 10_000;
  private static final int SQUARINGS = 6;
  private static final double CONVERGED = 1e-15;

  private final MatrixProduct matrices = new MatrixProduct();

  private transient double[] matrix;
  private transient double[] turned;
  private transient double[] power;
  private transient double[] squared;
  private transient double[] left;
  private transient double[] right;
  private transient double[] next;
  private double sigma;

  /** Finds the singular value of {@code weight: [out, in]} and its vectors. */
  public double of(Tensor weight) {
    int out = weight.rows();
    int in = weight.width();
    left = Scratch.atLeast(left, out);
    right = Scratch.atLeast(right, in);
    next = Scratch.atLeast(next, in);
    matrix = Doubles.of(weight, matrix);
    turned = Scratch.atLeast(turned, out * in);
    Matrices.transpose(matrix, out, in, turned);
    for (int j = 0; j < in; j++) {
      // Any start will do that is not orthogonal to the answer; this one is the same every time.
      right[j] = 1 + 0.1 * Math.sin(j + 1.0);
    }
    raise(in, out);
    double moved = Double.MAX_VALUE;
    for (int i = 0; i < MOST_ITERATIONS && moved > CONVERGED; i++) {
      moved = step(in);
    }
    for (int o = 0; o < out; o++) {
      left[o] = Doubles.dot(matrix, o * in, right, 0, in);
    }
    sigma = scale(left, out);
    return sigma;
  }

  /** {@code power = (W^T W)^64}, scaled: each step with it goes as far as 64 with {@code W^T W}. */
  private void raise(int in, int out) {
    power = Scratch.atLeast(power, in * in);
    squared = Scratch.atLeast(squared, in * in);
    matrices.gram(turned, in, out, power);
    for (int i = 0; i < SQUARINGS; i++) {
      double trace = 0;
      for (int j = 0; j < in; j++) {
        trace += power[j * in + j];
      }
      for (int j = 0; j < in * in && trace > 0; j++) {
        power[j] /= trace;
      }
      matrices.gram(power, in, in, squared);
      double[] swapped = power;
      power = squared;
      squared = swapped;
    }
  }

  /** One step; returns the square of how far the right vector moved. */
  private double step(int in) {
    for (int j = 0; j < in; j++) {
      next[j] = Doubles.dot(power, j * in, right, 0, in);
    }
    scale(next, in);
    double moved = 0;
    for (int j = 0; j < in; j++) {
      moved += (next[j] - right[j]) * (next[j] - right[j]);
      right[j] = next[j];
    }
    return moved;
  }

  /** Adds {@code factor u v^T} to the accumulator of the matrix. */
  public void addDerivative(double factor, Tensor accumulator) {
    int in = accumulator.width();
    for (int i = 0; i < accumulator.size(); i++) {
      accumulator.data()[i] += (float) (factor * left[i / in] * right[i % in]);
    }
  }

  private static double scale(double[] vector, int n) {
    double norm = Math.sqrt(Doubles.dot(vector, 0, vector, 0, n));
    for (int i = 0; i < n && norm > 0; i++) {
      vector[i] /= norm;
    }
    return norm;
  }
}
