package io.lakestill.objective.contrastive;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Rule;

/** The positives of a class-aware contrast: the sample itself in the first slot, then its class. */
final class ClassPositives implements java.io.Serializable {
  private static final long serialVersionUID = 1L;

  private final int count;
  private transient int[] positives;

  ClassPositives(int count) {
    this.count = Rule.atLeast(1, "positives", count);
  }

  int count() {
    return count;
  }

  /** {@code index.positives} with the first of each row overwritten by the sample. */
  int[] in(Batch batch, int bankRows) {
    int rows = batch.rows();
    int[] given = batch.indices("index.positives", rows, count, bankRows);
    int[] samples = batch.indices("index.samples", rows, 1, bankRows);
    if (positives == null || positives.length < rows * count) {
      positives = new int[rows * count];
    }
    System.arraycopy(given, 0, positives, 0, rows * count);
    for (int row = 0; row < rows; row++) {
      positives[row * count] = samples[row];
    }
    return positives;
  }
}
