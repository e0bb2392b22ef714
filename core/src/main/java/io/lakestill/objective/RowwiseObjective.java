package io.lakestill.objective;

/**
 * An objective whose loss is a mean over rows, each of which depends on that row alone: {@code loss
 * = (1/n) sum_i loss_i} over the {@code n} rows that count. Only such a loss can have a weight per
 * row; a relation between rows can not.
 */
public interface RowwiseObjective extends Objective {
  /**
   * {@code loss_i} of each row of the last {@link #evaluate}, in the order of the batch. The array
   * is the objective's own, may be longer than the batch, and is undefined where a row does not
   * count.
   */
  double[] rowLosses();

  /** Whether a row of the batch is part of the mean; only a mask leaves one out. */
  default boolean counts(Batch batch, int row) {
    return true;
  }

  @Override
  default double counted(Batch batch) {
    int rows = 0;
    for (int row = 0; row < batch.rows(); row++) {
      rows += counts(batch, row) ? 1 : 0;
    }
    return rows;
  }
}
