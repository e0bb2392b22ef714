package io.lakestill.objective.contrastive;

import io.lakestill.error.Errors;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Doubles;

/** A memory bank: one unit row per training example, in the state of a batch. */
final class Bank implements java.io.Serializable {
  private static final long serialVersionUID = 1L;

  private final String name;
  private transient double[] updated;

  /**
   * @param name such as {@code state.bank_student}
   */
  Bank(String name) {
    this.name = name;
  }

  Tensor in(Batch batch, BankOptions options) {
    Tensor bank = batch.state().tensor(name);
    if (bank.width() != options.projectionDim()) {
      throw Errors.badInput(
          "'%s' is %s but projection-dim = %d.".formatted(name, bank, options.projectionDim()));
    }
    return bank;
  }

  /**
   * Moves the rows of {@code samples} to {@code normalise(momentum old + (1 - momentum) v)}. All
   * are formed from the rows as they were, so a sample that stands in the batch twice keeps its
   * last embedding.
   */
  void update(Batch batch, BankOptions options, double[] v) {
    Tensor bank = in(batch, options);
    int rows = batch.rows();
    int width = bank.width();
    int[] samples = batch.indices("index.samples", rows, 1, bank.rows());
    updated = Scratch.atLeast(updated, rows * width);
    double momentum = options.momentum();
    for (int i = 0; i < rows * width; i++) {
      float old = bank.data()[samples[i / width] * width + i % width];
      updated[i] = momentum * old + (1 - momentum) * v[i];
    }
    for (int row = 0; row < rows; row++) {
      int from = row * width;
      double norm = Math.sqrt(Doubles.dot(updated, from, updated, from, width));
      for (int d = 0; d < width; d++) {
        bank.data()[samples[row] * width + d] = (float) (norm > 0 ? updated[from + d] / norm : 0);
      }
    }
  }
}
