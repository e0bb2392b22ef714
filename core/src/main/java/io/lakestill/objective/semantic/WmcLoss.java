package io.lakestill.objective.semantic;

import io.lakestill.error.Errors;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.RowwiseObjective;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.numeric.LogSums;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * The semantic loss: how little of the student's probability lies on valid assignments.
 *
 * <p>{@code loss = (1/B) sum_b -log sum_s w_s P_theta(s)}; {@code w = 1}, or the support's weights
 * as given with {@code use-weights}.
 *
 * <p>Shapes: {@code student.logits: [batch, variables]}, {@code index.support: [assignments,
 * variables]}, in a training one assignment for each class; {@code state.support_weight:
 * [assignments]}, alike where the state has none. Finite for logits of any finite size.
 *
 * <p>Source: Xu et al., "A Semantic Loss Function for Deep Learning with Symbolic Knowledge", 2018;
 * by enumeration of the support.
 */
public final class WmcLoss implements RowwiseObjective {
  private static final long serialVersionUID = 1L;

  private final Constraint constraint = new Constraint();
  private transient double[] rowLosses;
  private final boolean useWeights;
  private transient double[] weighted;

  WmcLoss(boolean useWeights) {
    this.useWeights = useWeights;
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits", "index.support");
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    if (useWeights) {
      throw Errors.notTrainable(
          "wmc-loss with use-weights = true",
          "the weights of the assignments",
          "a recipe's constraint is that exactly one class holds, all alike; set it to false");
    }
    return Constraint.exactlyOne(dimensions);
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    constraint.read(batch);
    int rows = batch.rows();
    float[] gradient = gradients.of("student.logits").data();
    weighted = Scratch.atLeast(weighted, constraint.assignments());
    rowLosses = Scratch.atLeast(rowLosses, rows);
    double loss = 0;
    for (int row = 0; row < rows; row++) {
      double[] log = constraint.logProbabilities(row);
      for (int s = 0; s < constraint.assignments(); s++) {
        weighted[s] = log[s] + (useWeights ? Math.log(constraint.weight(s)) : 0);
      }
      double count = LogSums.logSumWithout(-1, weighted, constraint.assignments());
      rowLosses[row] = -count;
      loss += rowLosses[row] / rows;
      for (int s = 0; s < constraint.assignments(); s++) {
        constraint.slope()[s] = -Math.exp(weighted[s] - count) / rows;
      }
      constraint.backward(row, gradient);
    }
    return loss;
  }

  @Override
  public double[] rowLosses() {
    return rowLosses;
  }

  /** Finds {@link WmcLoss} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "wmc-loss";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      boolean useWeights = options.flag("use-weights");
      return options.build(() -> new WmcLoss(useWeights));
    }
  }
}
