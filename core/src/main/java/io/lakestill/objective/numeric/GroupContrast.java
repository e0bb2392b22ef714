package io.lakestill.objective.numeric;

import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Scratch;
import java.io.Serializable;

/**
 * Each vector is told from its group: the mean cross-entropy of its inner products with the group's
 * targets, its own target being the right one.
 *
 * <p>{@code loss = (1/(G M)) sum_gm -log softmax_n(x_gm . y_gn / T)[m]} over {@code G} groups of
 * {@code M} vectors each; {@code d loss / d x_gm = 1/(G M T) sum_n (p_n - [n = m]) y_gn}.
 */
public final class GroupContrast implements Serializable {
  private static final long serialVersionUID = 1L;

  private final MatrixProduct matrices = new MatrixProduct();
  private transient double[] own;
  private transient double[] targets;
  private transient double[] products;
  private transient double[] scores;

  /**
   * Which vectors belong together: vector {@code m} of group {@code g} is the one at {@code g *
   * groupStride + m * memberStride}.
   */
  public record Groups(int count, int groupStride, int members, int memberStride) {
    /** One group of all vectors. */
    public static Groups one(int vectors) {
      return new Groups(1, vectors, vectors, 1);
    }

    private int at(int group, int member) {
      return group * groupStride + member * memberStride;
    }
  }

  /**
   * @param x the vectors, {@code width} numbers each
   * @param y their targets, constant
   * @param byX receives {@code d loss / d x}
   */
  public double loss(
      double[] x, double[] y, Groups groups, int width, double temperature, double[] byX) {
    int members = groups.members();
    own = Scratch.atLeast(own, members * width);
    targets = Scratch.atLeast(targets, members * width);
    products = Scratch.atLeast(products, members * members);
    double loss = 0;
    for (int group = 0; group < groups.count(); group++) {
      for (int m = 0; m < members; m++) {
        System.arraycopy(x, groups.at(group, m) * width, own, m * width, width);
        System.arraycopy(y, groups.at(group, m) * width, targets, m * width, width);
      }
      matrices.multiplyTransposed(own, targets, members, width, members, products);
      loss += contrast(members, temperature, 1.0 / (groups.count() * members));
      matrices.multiply(products, targets, members, members, width, own);
      for (int m = 0; m < members; m++) {
        System.arraycopy(own, m * width, byX, groups.at(group, m) * width, width);
      }
    }
    return loss;
  }

  /** A group's part of the loss; replaces each product by the loss's derivative by it. */
  private double contrast(int members, double temperature, double share) {
    scores = Scratch.atLeast(scores, members);
    double loss = 0;
    for (int m = 0; m < members; m++) {
      int line = m * members;
      for (int n = 0; n < members; n++) {
        scores[n] = products[line + n] / temperature;
      }
      LogSoftmax.normalise(scores, members);
      loss -= share * scores[m];
      for (int n = 0; n < members; n++) {
        products[line + n] = share * (Math.exp(scores[n]) - (n == m ? 1 : 0)) / temperature;
      }
    }
    return loss;
  }
}
