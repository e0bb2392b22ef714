package io.lakestill.objective.contrastive;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.head.LinearHead;
import io.lakestill.objective.numeric.Sigmoid;
import java.util.Arrays;

/**
 * A critic of pairs and its bound on their mutual information.
 *
 * <p>{@code Q(a, b) = W1 relu(W0 [a; b] + b0) + b1}; {@code I = mean_i -softplus(-Q(a_i, b_i)) -
 * mean_i softplus(Q(a_i, b_perm(i)))}.
 */
final class PairCritic implements java.io.Serializable {
  private static final long serialVersionUID = 1L;

  private final LinearHead first;
  private final LinearHead second;
  private transient double[] pairs;
  private transient double[] hidden;
  private transient double[] slope;
  private transient double[] byStudent;
  private transient int[] same;

  PairCritic(String name) {
    this.first = new LinearHead(name + ".0");
    this.second = new LinearHead(name + ".1");
  }

  /** The critic's parameters for vectors of so many values. */
  Equipment equip(int width, int hidden) {
    return first.equip(2 * width, hidden).and(second.equip(hidden, 1));
  }

  /** {@code d I / d b} of the last {@link #information}. */
  double[] byStudent() {
    return byStudent;
  }

  /**
   * The bound over {@code a, b: [rows, width]}; the critic's weights get the gradient of {@code
   * -I}.
   */
  double information(
      Batch batch,
      double[] a,
      double[] b,
      int rows,
      int width,
      int[] permutation,
      Gradients gradients) {
    byStudent = Scratch.atLeast(byStudent, rows * width);
    Arrays.fill(byStudent, 0, rows * width, 0.0);
    if (same == null || same.length < rows) {
      same = new int[rows];
      Arrays.setAll(same, i -> i);
    }
    return half(batch, a, b, rows, width, same, -1, gradients)
        + half(batch, a, b, rows, width, permutation, 1, gradients);
  }

  /** {@code mean -softplus(sign Q)} over the pairs {@code (a_i, b_of(i))}. */
  private double half(
      Batch batch,
      double[] a,
      double[] b,
      int rows,
      int width,
      int[] of,
      int sign,
      Gradients gradients) {
    pairs = Scratch.atLeast(pairs, rows * 2 * width);
    for (int row = 0; row < rows; row++) {
      System.arraycopy(a, row * width, pairs, row * 2 * width, width);
      System.arraycopy(b, of[row] * width, pairs, (row * 2 + 1) * width, width);
    }
    double[] before = first.forward(batch, pairs, rows, 2 * width, 1);
    int size = rows * first.out();
    hidden = Scratch.atLeast(hidden, size);
    for (int i = 0; i < size; i++) {
      hidden[i] = Math.max(0, before[i]);
    }
    double[] q = second.forward(batch, hidden, rows, first.out(), 1);
    slope = Scratch.atLeast(slope, rows);
    double sum = 0;
    for (int row = 0; row < rows; row++) {
      sum -= Sigmoid.softplus(sign * q[row]) / rows;
      // The sign of the loss, which is -I.
      slope[row] = sign * Sigmoid.of(sign * q[row]) / rows;
    }
    double[] byHidden = second.backward(slope, gradients);
    for (int i = 0; i < size; i++) {
      byHidden[i] = hidden[i] > 0 ? byHidden[i] : 0;
    }
    double[] byPairs = first.backward(byHidden, gradients);
    for (int row = 0; row < rows; row++) {
      for (int d = 0; d < width; d++) {
        byStudent[of[row] * width + d] -= byPairs[(row * 2 + 1) * width + d];
      }
    }
    return sum;
  }
}
