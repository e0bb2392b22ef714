package io.lakestill.objective;

import java.util.SplittableRandom;

/** Batches from a seed, which tests print. */
public final class RandomBatch {
  private RandomBatch() {}

  /** Logits of both sides with the given spread, and labels. */
  public static Batch ofLogits(long seed, int rows, int classes, double spread) {
    SplittableRandom random = new SplittableRandom(seed);
    return Batch.of(rows)
        .tensor("student.logits", normal(random, spread, rows, classes))
        .tensor("teacher.logits", normal(random, spread, rows, classes))
        .labels(random.ints(rows, 0, classes).toArray())
        .build();
  }

  public static Tensor normal(SplittableRandom random, double spread, int... shape) {
    Tensor tensor = Tensor.zeros(shape);
    for (int i = 0; i < tensor.size(); i++) {
      tensor.data()[i] = (float) (spread * random.nextGaussian());
    }
    return tensor;
  }
}
