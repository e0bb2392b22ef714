package io.lakestill.recipe;

import java.io.Serializable;

/**
 * How much of an executor's heap the packed rows of a training may take ({@code train.memory}); the
 * rest of them lies on the executor's local disk. A bound, not a need: rows that are fewer take
 * less, and where Spark's storage memory is smaller they take no more than that.
 */
public sealed interface RowMemory extends Serializable {
  /** So many bytes of any heap. */
  record Size(long bytes) implements RowMemory {
    private static final long serialVersionUID = 1L;

    public Size {
      if (bytes < 0) {
        throw new IllegalArgumentException("memory must not be negative, is " + bytes);
      }
    }

    @Override
    public long limit(long heap) {
      return bytes;
    }
  }

  /**
   * A part of the heap.
   *
   * @param part of 1
   */
  record Share(double part) implements RowMemory {
    private static final long serialVersionUID = 1L;

    public Share {
      if (!(part >= 0 && part <= 1)) {
        throw new IllegalArgumentException("memory must be in [0, 1], is " + part);
      }
    }

    @Override
    public long limit(long heap) {
      return (long) (part * heap);
    }
  }

  /**
   * The bytes that rows may take at most, training and validation together.
   *
   * @param heap bytes of the executor's
   */
  long limit(long heap);

  /**
   * The bytes of heap that a node's packed rows take at most, for who plans an executor's memory.
   *
   * @param packed bytes of the node's rows, training and validation: four for each value of each
   *     view, features and target
   * @param heap bytes of its executor's
   */
  default long heapBytes(long packed, long heap) {
    return Math.min(packed, limit(heap));
  }
}
