package io.lakestill.objective;

import io.lakestill.error.Errors;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A mean over rows in which each row has a weight of its own.
 *
 * <p>{@code loss = sum_i w_i loss_i / sum_i w_i} over the rows that count, {@code w} the signal
 * {@code teacher.sql:<expression>}; 0 when all weights are. With equal weights it is the objective
 * itself, and a row of weight 2 counts as the row twice.
 *
 * <p>In distributed training each worker divides by the sum of the weights in its own part of the
 * batch, and the workers' gradients are then averaged alike; with one worker the loss is that of
 * the whole batch.
 *
 * <p>A weight that is negative or not finite is an error that names expression and row. {@link
 * #parts} are those of the objective, before the weights.
 */
public final class RowWeights implements Objective {
  private static final long serialVersionUID = 1L;

  private final RowwiseObjective objective;
  private final String expression;
  private final String signal;
  private transient Batch shapedFor;
  private transient Gradients scratch;
  private transient double weightSum;

  /**
   * @param objective differentiable by student outputs only
   * @param expression SQL over the signal table's columns
   */
  public RowWeights(RowwiseObjective objective, String expression) {
    for (String name : objective.requires().differentiable()) {
      if (!name.startsWith("student.")) {
        throw new IllegalArgumentException(
            "weighs rows, but the objective learns '%s' from all of them; give weight a number"
                .formatted(name));
      }
    }
    this.objective = objective;
    this.expression = expression;
    this.signal = Requirements.SQL + expression;
  }

  @Override
  public Requirements requires() {
    return objective.requires().and(Requirements.of(signal));
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    return objective.equip(dimensions);
  }

  @Override
  public Optional<KeptClasses> kept(String input) {
    return objective.kept(input);
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    if (batch != shapedFor) {
      shapeScratch(batch);
    }
    scratch.zero();
    objective.evaluate(batch, scratch);
    float[] weights = batch.tensor(signal).data();
    int counted = 0;
    double sum = 0;
    for (int row = 0; row < batch.rows(); row++) {
      if (!(weights[row] >= 0) || Float.isInfinite(weights[row])) {
        throw Errors.badRowWeight(expression, row, weights[row]);
      }
      if (objective.counts(batch, row)) {
        sum += weights[row];
        counted++;
      }
    }
    weightSum = sum;
    if (sum == 0) {
      return 0;
    }
    double loss = 0;
    for (int row = 0; row < batch.rows(); row++) {
      if (objective.counts(batch, row)) {
        loss += weights[row] / sum * objective.rowLosses()[row];
      }
    }
    for (String name : scratch.names()) {
      addRows(scratch.of(name), weights, counted / sum, gradients.of(name));
    }
    return loss;
  }

  /** Under a filter every step may bring another batch object; its arrays are the same ones. */
  private void shapeScratch(Batch batch) {
    Map<String, Tensor> accumulators = new TreeMap<>();
    for (String name : batch.present(objective.requires().differentiable())) {
      Tensor input = batch.tensor(name);
      Tensor own = scratch != null && scratch.has(name) ? scratch.of(name) : Tensor.zeros(0);
      float[] data = own.data().length < input.size() ? new float[input.size()] : own.data();
      accumulators.put(name, new Tensor(input.shape(), data));
    }
    scratch = Gradients.over(accumulators);
    shapedFor = batch;
  }

  /** A row that does not count has no gradient, so that its weight does not matter. */
  private static void addRows(Tensor from, float[] weights, double factor, Tensor to) {
    int width = from.width();
    for (int row = 0; row < from.rows(); row++) {
      double weight = factor * weights[row];
      for (int i = row * width; i < (row + 1) * width; i++) {
        to.data()[i] += (float) (weight * from.data()[i]);
      }
    }
  }

  @Override
  public boolean rowwise() {
    return true;
  }

  /** The weights' sum. */
  @Override
  public double counted(Batch batch) {
    return weightSum;
  }

  @Override
  public Map<String, Double> parts() {
    return objective.parts();
  }
}
