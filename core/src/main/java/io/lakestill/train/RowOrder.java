package io.lakestill.train;

import java.io.Serializable;

/**
 * In which order, and in which view, one partition's rows are trained on: a pure function of seed
 * and partition, so that a task that runs again, anywhere, sees the same rows.
 *
 * <p>A partition's rows form an endless stream of passes. Each pass is a fresh permutation that
 * holds every row exactly once; batches cut the stream without regard for where a pass ends, so the
 * rows left over at the end of a pass open the next batch and none is dropped or repeated.
 *
 * <p>Row {@code r} is seen in view {@code (offset(r) + pass) mod views}, its offset drawn from the
 * seed: in {@code views} passes every row is seen once in every view, and within a pass the views
 * are mixed.
 *
 * @param seed the training's seed
 * @param partition the partition's index
 * @param rows the partition's rows
 * @param views the views of each row
 */
public record RowOrder(long seed, int partition, int rows, int views) implements Serializable {
  public RowOrder {
    if (rows < 1 || views < 1) {
      throw new IllegalArgumentException(
          "rows and views must be positive, are %d and %d".formatted(rows, views));
    }
  }

  /** The rows in the order of a pass (Fisher and Yates' shuffle). */
  public int[] permutation(long pass) {
    int[] order = new int[rows];
    long state = SplitMix.mix(SplitMix.mix(SplitMix.mix(seed) + partition) + pass);
    for (int i = 0; i < rows; i++) {
      state += SplitMix.STRIDE;
      int other = (int) Math.floorMod(SplitMix.mix(state) >>> 1, i + 1L);
      order[i] = order[other];
      order[other] = i;
    }
    return order;
  }

  /** The view in which a row is seen in a pass. */
  public int view(int row, long pass) {
    if (views == 1) {
      return 0;
    }
    long offset = SplitMix.mix(SplitMix.mix(SplitMix.mix(seed) ^ partition) + row) >>> 1;
    return (int) Math.floorMod(offset + pass, (long) views);
  }
}
