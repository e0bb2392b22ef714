package io.lakestill.objective.semantic;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.RowwiseObjective;
import io.lakestill.objective.Scratch;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Semantic objective function: the divergence of the student's independent variables from a
 * distribution over valid assignments.
 *
 * <p>{@code loss = (1/B) sum_b sum_s P_s (log P_s - log P_theta(s))}, {@code P} the support's
 * weights summing to one, {@code P_theta} the probability the student's sigmoids give an
 * assignment.
 *
 * <p>Shapes: {@code student.logits: [batch, variables]}, {@code index.support: [assignments,
 * variables]}, in a training one assignment for each class; {@code state.support_weight:
 * [assignments]}, alike where the state has none. Finite for logits of any finite size.
 *
 * <p>Experimental: by a reconstruction of semantic objective functions, not checked against the
 * paper.
 */
public final class SofExactlyOneKl implements RowwiseObjective {
  private static final long serialVersionUID = 1L;

  private final Constraint constraint = new Constraint();
  private transient double[] rowLosses;

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits", "index.support");
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    return Constraint.exactlyOne(dimensions);
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    constraint.read(batch);
    int rows = batch.rows();
    float[] gradient = gradients.of("student.logits").data();
    rowLosses = Scratch.atLeast(rowLosses, rows);
    double loss = 0;
    for (int row = 0; row < rows; row++) {
      double[] log = constraint.logProbabilities(row);
      rowLosses[row] = 0;
      for (int s = 0; s < constraint.assignments(); s++) {
        double p = constraint.probability(s);
        rowLosses[row] += p == 0 ? 0 : p * (Math.log(p) - log[s]);
        constraint.slope()[s] = -p / rows;
      }
      loss += rowLosses[row] / rows;
      constraint.backward(row, gradient);
    }
    return loss;
  }

  @Override
  public double[] rowLosses() {
    return rowLosses;
  }

  /** Finds {@link SofExactlyOneKl} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "sof-exactly-one-kl";
    }

    @Override
    public Optional<String> experimental() {
      return Optional.of(
          "semantic objective functions as reconstructed, not checked against the paper");
    }

    @Override
    public Optional<Objective> create(Settings options) {
      return options.build(SofExactlyOneKl::new);
    }
  }
}
