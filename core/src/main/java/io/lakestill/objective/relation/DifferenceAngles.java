package io.lakestill.objective.relation;

import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Differences;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.Matrices;
import io.lakestill.objective.numeric.MatrixProduct;

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

  private final MatrixProduct matrices = new MatrixProduct();
  private final Differences differences = new Differences();
  private int rows;
  private int width;
  private double largest;
  private transient double[] x;
  private transient double[] flat;
  private transient double[] lengths;
  private transient double[][] gram;

  void read(Tensor embedding) {
    rows = embedding.rows();
    width = embedding.width();
    x = Doubles.of(embedding, x);
    flat = Scratch.atLeast(flat, rows * rows);
    lengths = Scratch.atLeast(lengths, rows * rows);
    differences.squared(x, rows, width, lengths);
    for (int i = 0; i < rows * rows; i++) {
      lengths[i] = Math.sqrt(lengths[i]);
    }
    Matrices.centreColumns(x, rows, width);
    matrices.gram(x, rows, width, flat);
    gram = Scratch.table(gram, rows, rows);
    largest = 0;
    for (int i = 0; i < rows; i++) {
      largest = Math.max(largest, Math.sqrt(flat[i * rows + i]));
      System.arraycopy(flat, i * rows, gram[i], 0, rows);
    }
  }

  /** The centred rows. */
  double[] centred() {
    return x;
  }

  /** The inner products of one centred row with all. */
  double[] products(int row) {
    return gram[row];
  }

  /** {@code max(|x_b - x_a|, 1e-12)}. */
  double length(int a, int b) {
    return Math.max(lengths[a * rows + b], FLOOR);
  }

  /** Whether the products are exact enough for all angles at this row. */
  boolean regularAt(int a) {
    boolean regular = true;
    for (int b = 0; b < rows; b++) {
      regular &= b == a || (lengths[a * rows + b] > 0 && lengths[a * rows + b] >= SHORT * largest);
    }
    return regular;
  }

  /** {@code 1 / |x_c - x_a|} for each {@code c}, 0 for the row itself. */
  void reciprocals(int a, double[] out) {
    for (int c = 0; c < rows; c++) {
      out[c] = c == a ? 0 : 1 / length(a, c);
    }
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
      product = gram[b][c] - gram[b][a] - gram[a][c] + gram[a][a];
    }
    return product / length(a, b) / length(a, c);
  }
}
