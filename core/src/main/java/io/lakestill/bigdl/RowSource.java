package io.lakestill.bigdl;

import io.lakestill.train.PackedRows;
import io.lakestill.train.RowOrder;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;

/**
 * One partition's packed rows as an executor keeps them, with the orders of the passes it is in.
 * Batches are pure functions of the order and the step; the orders kept are only a saving.
 */
final class RowSource implements Serializable {
  private static final long serialVersionUID = 1L;

  private final PackedRows rows;
  private final long seed;
  private final int partition;
  private transient RowOrder order;
  private transient Map<Long, int[]> permutations;

  RowSource(PackedRows rows, long seed, int partition) {
    this.rows = rows;
    this.seed = seed;
    this.partition = partition;
  }

  int rows() {
    return rows.rows();
  }

  /**
   * The rows of a step: {@code [(step - 1) * size, step * size)} of the stream that {@link
   * RowOrder} describes.
   *
   * @param step counts from 1
   */
  PackedBatch training(int[] featureShape, int size, int step) {
    float[] features = new float[Math.multiplyExact(size, rows.featureWidth())];
    float[] targets = new float[Math.multiplyExact(size, rows.targetWidth())];
    long position = (step - 1L) * size;
    for (int slot = 0; slot < size; slot++, position++) {
      long pass = position / rows.rows();
      int row = permutation(pass)[(int) (position % rows.rows())];
      rows.copy(row, order.view(row, pass), features, targets, slot);
    }
    return batch(features, targets, featureShape, size);
  }

  private synchronized int[] permutation(long pass) {
    if (permutations == null) {
      permutations = new HashMap<>();
      order = new RowOrder(seed, partition, rows.rows(), rows.views());
    }
    int[] known = permutations.get(pass);
    if (known == null) {
      // A batch reaches into one pass and perhaps the next; older ones are not needed again.
      permutations.keySet().removeIf(other -> other != pass - 1);
      known = order.permutation(pass);
      permutations.put(pass, known);
    }
    return known;
  }

  /** Every row once, in its first view, in order; the last batch may be smaller. */
  Iterator<PackedBatch> validation(int[] featureShape, int size) {
    return new Iterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < rows.rows();
      }

      @Override
      public PackedBatch next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        int count = Math.min(size, rows.rows() - next);
        float[] features = new float[Math.multiplyExact(count, rows.featureWidth())];
        float[] targets = new float[Math.multiplyExact(count, rows.targetWidth())];
        for (int slot = 0; slot < count; slot++) {
          rows.copy(next++, 0, features, targets, slot);
        }
        return batch(features, targets, featureShape, count);
      }
    };
  }

  private PackedBatch batch(float[] features, float[] targets, int[] featureShape, int size) {
    int[] shape = new int[featureShape.length + 1];
    shape[0] = size;
    System.arraycopy(featureShape, 0, shape, 1, featureShape.length);
    return new PackedBatch(
        Floats.tensor(features, shape), Floats.tensor(targets, size, rows.targetWidth()));
  }
}
