package io.lakestill.objective.contrastive;

import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.MatrixProduct;
import java.io.Serializable;
import java.util.Arrays;

/**
 * How chosen rows of a bank lie to a few anchors of it.
 *
 * <p>For a row {@code n}, an anchor {@code y} and a shift {@code s}, {@code (v - y + s) . (n - y +
 * s)} is {@code v . n}, plus what depends on {@code v} and {@code y}, plus {@link #offset}, what
 * depends on {@code n} and {@code y}. So all directions from anchors to rows cost one matrix
 * product per bank, however often a row is chosen. Where a row lies close to an anchor the
 * differences have no digits left; such a pair is {@link #near} and its product is the caller's to
 * form entry by entry.
 */
final class AnchorTable implements Serializable {
  private static final long serialVersionUID = 1L;

  /** How many anchors at once, at most. */
  static final int ANCHORS = 32;

  /** The square of a distance below which a pair is near. */
  static final double NEAR = 1e-6;

  private static final int ROWS = 512;

  private final double shift;
  private final double floor;
  private final MatrixProduct matrices = new MatrixProduct();
  private final double[] sums = new double[ANCHORS];
  private final double[] squares = new double[ANCHORS];
  private int used;
  private transient int[] slots;
  private transient int[] rows;
  private transient double[] block;
  private transient double[] anchors;
  private transient double[] products;
  private transient double[] offsets;
  private transient double[] reciprocals;

  AnchorTable(double shift, double floor) {
    this.shift = shift;
    this.floor = floor;
  }

  /** Forgets all rows. */
  void clear(int bankRows) {
    used = 0;
    if (slots == null || slots.length < bankRows) {
      slots = new int[bankRows];
      rows = new int[bankRows];
    }
    Arrays.fill(slots, 0, bankRows, -1);
  }

  /** Has the table hold a row of the bank; returns its slot. */
  int slot(int row) {
    if (slots[row] < 0) {
      slots[row] = used;
      rows[used++] = row;
    }
    return slots[row];
  }

  /** Fills the table for {@code anchors[first .. first + count)}, rows of the bank. */
  void fill(Tensor bank, int[] chosen, int first, int count) {
    int width = bank.width();
    anchors = Scratch.atLeast(anchors, ANCHORS * width);
    block = Scratch.atLeast(block, ROWS * width);
    products = Scratch.atLeast(products, ROWS * ANCHORS);
    offsets = Scratch.atLeast(offsets, used * ANCHORS);
    reciprocals = Scratch.atLeast(reciprocals, used * ANCHORS);
    for (int m = 0; m < count; m++) {
      copy(bank, chosen[first + m], anchors, m);
      sums[m] = sum(anchors, m, width);
      squares[m] = Doubles.dot(anchors, m * width, anchors, m * width, width);
    }
    for (int start = 0; start < used; start += ROWS) {
      int many = Math.min(ROWS, used - start);
      for (int i = 0; i < many; i++) {
        copy(bank, rows[start + i], block, i);
      }
      matrices.multiplyTransposed(block, anchors, many, width, count, products);
      for (int i = 0; i < many; i++) {
        enter(start + i, i, count, width);
      }
    }
  }

  private static void copy(Tensor bank, int row, double[] to, int at) {
    int width = bank.width();
    for (int d = 0; d < width; d++) {
      to[at * width + d] = bank.data()[row * width + d];
    }
  }

  private void enter(int slot, int i, int count, int width) {
    double sum = sum(block, i, width);
    double square = Doubles.dot(block, i * width, block, i * width, width);
    for (int m = 0; m < count; m++) {
      double product = products[i * count + m];
      double shifted = shift * (sum - sums[m]);
      double offset = squares[m] - product + shifted;
      double length = square - product + offset + shifted + width * shift * shift;
      offsets[slot * ANCHORS + m] = offset;
      reciprocals[slot * ANCHORS + m] =
          length < NEAR ? -1 / Math.max(floor, exactLength(i, m, width)) : 1 / Math.sqrt(length);
    }
  }

  private static double sum(double[] values, int row, int width) {
    double sum = 0;
    for (int d = row * width; d < (row + 1) * width; d++) {
      sum += values[d];
    }
    return sum;
  }

  private double exactLength(int i, int m, int width) {
    double square = 0;
    for (int d = 0; d < width; d++) {
      double difference = block[i * width + d] - anchors[m * width + d] + shift;
      square += difference * difference;
    }
    return Math.sqrt(square);
  }

  /** The part of the product that depends on row and anchor. */
  double offset(int slot, int anchor) {
    return offsets[slot * ANCHORS + anchor];
  }

  /** {@code 1 / max(|n - y + s|, floor)}. */
  double reciprocal(int slot, int anchor) {
    return Math.abs(reciprocals[slot * ANCHORS + anchor]);
  }

  /** Whether the row lies close to the anchor. */
  boolean near(int slot, int anchor) {
    return reciprocals[slot * ANCHORS + anchor] < 0;
  }
}
