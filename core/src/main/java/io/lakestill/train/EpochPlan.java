package io.lakestill.train;

import io.lakestill.recipe.Progress;
import java.io.Serializable;

/**
 * How steps and epochs relate. Every step trains on exactly {@code batch} rows; an epoch ends with
 * the first step by which its rows have been seen, so epochs differ by at most one step and {@code
 * epochs} epochs see {@code epochs * rows} rows, rounded up to a batch. Steps and epochs count from
 * 1.
 *
 * @param rows training examples over the whole cluster
 * @param batch rows per step over the whole cluster
 * @param epochs how often every example is seen
 */
public record EpochPlan(long rows, int batch, int epochs) implements Serializable {
  public EpochPlan {
    if (rows < 1 || batch < 1 || epochs < 1) {
      throw new IllegalArgumentException(
          "rows, batch and epochs must be positive, are %d, %d and %d"
              .formatted(rows, batch, epochs));
    }
    if (rows < batch) {
      throw new IllegalArgumentException(
          "a batch of %d needs as many rows, there are %d".formatted(batch, rows));
    }
  }

  /** The steps of the whole training. */
  public int steps() {
    return lastStep(epochs);
  }

  /** The step that ends an epoch. */
  public int lastStep(int epoch) {
    long seen = Math.multiplyExact(rows, (long) epoch);
    return Math.toIntExact((seen + batch - 1) / batch);
  }

  /** The epoch a step belongs to. */
  public int epoch(int step) {
    long seenBefore = (step - 1L) * batch;
    return (int) Math.min(seenBefore / rows + 1, epochs);
  }

  /** Whether a step is the last of its epoch. */
  public boolean endsEpoch(int step) {
    return step == lastStep(epoch(step));
  }

  /** The same when every step is taken in parts of equal size, each counted as a step. */
  public EpochPlan parts(int parts) {
    return new EpochPlan(rows, batch / parts, epochs);
  }

  /** How far the training is when a step starts; 0 of it is done at the first step. */
  public Progress progress(int step) {
    return new Progress(epoch(step), Math.min(1, (step - 1.0) / steps()));
  }

  /** When all is done: the progress by which epochs are compared, whatever the schedules. */
  public Progress end() {
    return new Progress(epochs, 1);
  }
}
