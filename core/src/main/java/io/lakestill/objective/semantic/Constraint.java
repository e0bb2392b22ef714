package io.lakestill.objective.semantic;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Equipment.Draw;
import io.lakestill.objective.Indices;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.Sigmoid;
import java.util.Arrays;
import java.util.List;

/**
 * The assignments a constraint allows and how likely a row's independent variables make each.
 *
 * <p>{@code log P(w) = sum_i w_i log sigmoid(z_i) + (1 - w_i) log sigmoid(-z_i)} over the rows
 * {@code w} of {@code index.support: [assignments, variables]}, 0 or 1; {@code
 * state.support_weight: [assignments]} weighs them, all alike in a state that has none.
 */
final class Constraint implements java.io.Serializable {
  private static final long serialVersionUID = 1L;

  private static final String WEIGHT = "state.support_weight";

  private int variables;
  private int assignments;
  private double total;
  private transient Tensor logits;
  private transient int[] support;
  private transient double[] weights;
  private transient double[] log;
  private transient double[] slope;
  private transient double[] whenSet;
  private transient double[] whenUnset;

  /** "Exactly one": as many assignments as variables, each with another one of them set. */
  static Equipment exactlyOne(Dimensions dimensions) {
    int variables = dimensions.channels("student.logits");
    int[] identity = new int[variables * variables];
    for (int i = 0; i < variables; i++) {
      identity[i * variables + i] = 1;
    }
    Indices support = new Indices(new int[] {variables, variables}, identity);
    return new Equipment(List.of(), List.of(), List.of(new Draw.Fixed("index.support", support)));
  }

  void read(Batch batch) {
    logits = batch.finite("student.logits");
    variables = logits.width();
    assignments = batch.indices("index.support").rows();
    support = batch.indices("index.support", assignments, variables, 2);
    weights = Scratch.atLeast(weights, assignments);
    Arrays.fill(weights, 0, assignments, 1.0);
    if (batch.state().names().contains(WEIGHT)) {
      weights = Doubles.of(batch.state().tensor(WEIGHT), weights);
    }
    log = Scratch.atLeast(log, assignments);
    slope = Scratch.atLeast(slope, assignments);
    whenSet = Scratch.atLeast(whenSet, variables);
    whenUnset = Scratch.atLeast(whenUnset, variables);
    total = 0;
    for (int s = 0; s < assignments; s++) {
      total += weights[s];
    }
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
    return weights[assignment] / total;
  }

  /** {@code log P} of every assignment in one row. */
  double[] logProbabilities(int row) {
    for (int i = 0; i < variables; i++) {
      double z = logits.at(row * variables + i);
      whenSet[i] = -Sigmoid.softplus(-z);
      whenUnset[i] = -Sigmoid.softplus(z);
    }
    for (int s = 0; s < assignments; s++) {
      double sum = 0;
      for (int i = 0; i < variables; i++) {
        sum += support[s * variables + i] == 1 ? whenSet[i] : whenUnset[i];
      }
      log[s] = sum;
    }
    return log;
  }

  /** Where an objective leaves {@code d loss / d log P} of every assignment. */
  double[] slope() {
    return slope;
  }

  /** Adds the derivative by the row's logits: {@code d log P(w) / d z_i = w_i - sigmoid(z_i)}. */
  void backward(int row, float[] gradient) {
    Arrays.fill(whenSet, 0, variables, 0.0);
    Arrays.fill(whenUnset, 0, variables, 0.0);
    for (int s = 0; s < assignments; s++) {
      for (int i = 0; i < variables; i++) {
        double set = support[s * variables + i];
        whenSet[i] += slope[s] * set;
        whenUnset[i] += slope[s] * (1 - set);
      }
    }
    for (int i = 0; i < variables; i++) {
      double z = logits.at(row * variables + i);
      double sum = whenSet[i] * Sigmoid.of(-z) - whenUnset[i] * Sigmoid.of(z);
      gradient[row * variables + i] += (float) sum;
    }
  }
}
