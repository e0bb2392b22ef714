package io.lakestill.objective.semantic;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
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
 * variables]}, {@code state.support_weight: [assignments]}. Finite for logits of any finite size.
 *
 * <p>Experimental: by a reconstruction of semantic objective functions, not checked against the
 * paper.
 */
public final class SofExactlyOneKl implements Objective {
  private static final long serialVersionUID = 1L;

  private final Constraint constraint = new Constraint();

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits", "index.support", "state.support_weight");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    constraint.read(batch);
    int rows = batch.rows();
    float[] gradient = gradients.of("student.logits").data();
    double loss = 0;
    for (int row = 0; row < rows; row++) {
      double[] log = constraint.logProbabilities(row);
      for (int s = 0; s < constraint.assignments(); s++) {
        double p = constraint.probability(s);
        loss += p == 0 ? 0 : p * (Math.log(p) - log[s]) / rows;
        constraint.slope()[s] = -p / rows;
      }
      constraint.backward(row, gradient);
    }
    return loss;
  }

  /** Finds {@link SofExactlyOneKl} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "sof-exactly-one-kl";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      return options.build(SofExactlyOneKl::new);
    }
  }
}
