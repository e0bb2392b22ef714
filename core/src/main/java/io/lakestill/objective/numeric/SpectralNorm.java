package io.lakestill.objective.numeric;

import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import java.util.Arrays;

/**
 * The largest singular value of a matrix, by power iteration to convergence.
 *
 * <p>{@code sigma = u^T W v}; its derivative by W is {@code u v^T}.
 */
public final class SpectralNorm implements java.io.Serializable {
  private static final long serialVersionUID = 1L;
  private static final int MOST_ITERATIONS = 10_000;
  private static final double CONVERGED = 1e-15;

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
    for (int j = 0; j < in; j++) {
      // Any start will do that is not orthogonal to the answer; this one is the same every time.
      right[j] = 1 + 0.1 * Math.sin(j + 1.0);
    }
    sigma = 0;
    double moved = Double.MAX_VALUE;
    for (int i = 0; i < MOST_ITERATIONS && moved > CONVERGED; i++) {
      moved = step(weight, out, in);
    }
    return sigma;
  }

  /** One round trip; returns the square of how far the right vector moved. */
  private double step(Tensor weight, int out, int in) {
    for (int o = 0; o < out; o++) {
      left[o] = 0;
      for (int j = 0; j < in; j++) {
        left[o] += weight.at(o * in + j) * right[j];
      }
    }
    scale(left, out);
    double moved = 0;
    next = Scratch.atLeast(next, in);
    Arrays.fill(next, 0, in, 0.0);
    for (int j = 0; j < in; j++) {
      for (int o = 0; o < out; o++) {
        next[j] += weight.at(o * in + j) * left[o];
      }
    }
    sigma = scale(next, in);
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
