package io.lakestill.objective.relation;

import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Differences;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.Matrices;

/**
 * The cosines of the angles that rows of a batch form at one of them.
 *
 * <p>{@code cos_a(b, c) = e_ab . e_ac} with {@code e_ab = (x_b - x_a) / |x_b - x_a|}, and {@code
 * e_ab = 0} for equal rows. The inner products come from one Gram matrix of the centred rows, so
 * that all angles cost {@code B^3} and not {@code B^3} times the width; where a difference is short
 * beside the rows, the product is formed from the differences themselves, because there the Gram
 * matrix has no digits left.
 */
final class DifferenceAngles implements java.io.Serializable {
  private static final long serialVersionUID = 1L;
  private static final double FLOOR = 1e-12;
  private static final double SHORT = 1e-5;

  private int rows;
  private int width;
  private double largest;
  private transient double[] x;
  private transient double[] gram;
  private transient double[] lengths;

  void read(Tensor embedding) {
    rows = embedding.rows();
    width = embedding.width();
    x = Doubles.of(embedding, x);
    gram = Scratch.atLeast(gram, rows * rows);
    lengths = Scratch.atLeast(lengths, rows * rows);
    Differences.squared(x, rows, width, lengths);
    for (int i = 0; i < rows * rows; i++) {
      lengths[i] = Math.sqrt(lengths[i]);
    }
    Matrices.centreColumns(x, rows, width);
    Matrices.multiplyTransposed(x, x, rows, width, rows, gram);
    largest = 0;
    for (int i = 0; i < rows; i++) {
      largest = Math.max(largest, Math.sqrt(gram[i * rows + i]));
    }
  }

  /** The centred rows. */
  double[] centred() {
    return x;
  }

  /** {@code max(|x_b - x_a|, 1e-12)}. */
  double length(int a, int b) {
    return Math.max(lengths[a * rows + b], FLOOR);
  }

  double cosine(int a, int b, int c) {
    double ab = lengths[a * rows + b];
    double ac = lengths[a * rows + c];
    if (ab == 0 || ac == 0) {
      return 0;
    }
    double product;
    if (Math.min(ab, ac) < SHORT * largest) {
      product = 0;
      for (int d = 0; d < width; d++) {
        product += (x[b * width + d] - x[a * width + d]) * (x[c * width + d] - x[a * width + d]);
      }
    } else {
      product = gram[b * rows + c] - gram[b * rows + a] - gram[a * rows + c] + gram[a * rows + a];
    }
    return product / length(a, b) / length(a, c);
  }
}
