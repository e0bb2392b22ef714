package io.lakestill.objective.semantic;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.Sigmoid;

/**
 * The assignments a constraint allows and how likely a row's independent variables make each.
 *
 * <p>{@code log P(w) = sum_i w_i log sigmoid(z_i) + (1 - w_i) log sigmoid(-z_i)} over the rows
 * {@code w} of {@code index.support: [assignments, variables]}, 0 or 1; {@code
 * state.support_weight: [assignments]} weighs them.
 */
final class Constraint implements java.io.Serializable {
  private static final long serialVersionUID = 1L;

  private int variables;
  private int assignments;
  private transient Tensor logits;
  private transient int[] support;
  private transient double[] weights;
  private transient double[] log;
  private transient double[] slope;

  void read(Batch batch) {
    logits = batch.finite("student.logits");
    variables = logits.width();
    assignments = batch.indices("index.support").rows();
    support = batch.indices("index.support", assignments, variables, 2);
    weights = Doubles.of(batch.state().tensor("state.support_weight"), weights);
    log = Scratch.atLeast(log, assignments);
    slope = Scratch.atLeast(slope, assignments);
  }

  int assignments() {
    return assignments;
  }

  /** The weight of an assignment as given. */
  double weight(int assignment) {
    return weights[assignment];
  }

  /** The weight of an assignment, all of them summing to one. */
  double probability(int assignment) {
    double sum = 0;
    for (int s = 0; s < assignments; s++) {
      sum += weights[s];
    }
    return weights[assignment] / sum;
  }

  /** {@code log P} of every assignment in one row. */
  double[] logProbabilities(int row) {
    for (int s = 0; s < assignments; s++) {
      log[s] = 0;
      for (int i = 0; i < variables; i++) {
        double z = logits.at(row * variables + i);
        log[s] -= Sigmoid.softplus(support[s * variables + i] == 1 ? -z : z);
      }
    }
    return log;
  }

  /** Where an objective leaves {@code d loss / d log P} of every assignment. */
  double[] slope() {
    return slope;
  }

  /** Adds the derivative by the row's logits: {@code d log P(w) / d z_i = w_i - sigmoid(z_i)}. */
  void backward(int row, float[] gradient) {
    for (int i = 0; i < variables; i++) {
      double z = logits.at(row * variables + i);
      double sum = 0;
      for (int s = 0; s < assignments; s++) {
        sum += slope[s] * (support[s * variables + i] == 1 ? Sigmoid.of(-z) : -Sigmoid.of(z));
      }
      gradient[row * variables + i] += (float) sum;
    }
  }
}
