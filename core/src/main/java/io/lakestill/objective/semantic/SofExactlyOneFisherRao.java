package io.lakestill.objective.semantic;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.RowwiseObjective;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Semantic objective function: the Fisher-Rao distance of the student's independent variables to a
 * distribution over valid assignments.
 *
 * <p>{@code loss = (1/B) sum_b 2 arccos(clamp(sum_s sqrt(P_s P_theta(s)), 0, 1 - eps))}; mass
 * outside the support does not enter. A clamped row has gradient 0.
 *
 * <p>Shapes: {@code student.logits: [batch, variables]}, {@code index.support: [assignments,
 * variables]}, in a training one assignment for each class; {@code state.support_weight:
 * [assignments]}, alike where the state has none. Finite for logits of any finite size.
 *
 * <p>Experimental: by a reconstruction of semantic objective functions, not checked against the
 * paper.
 */
public final class SofExactlyOneFisherRao implements RowwiseObjective {
  private static final long serialVersionUID = 1L;

  private final Constraint constraint = new Constraint();
  private transient double[] rowLosses;
  private final double eps;

  public SofExactlyOneFisherRao(double eps) {
    this.eps = Rule.positive("eps", eps);
  }

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
      double coefficient = 0;
      for (int s = 0; s < constraint.assignments(); s++) {
        double p = constraint.probability(s);
        constraint.slope()[s] = p == 0 ? 0 : Math.exp(0.5 * (Math.log(p) + log[s]));
        coefficient += constraint.slope()[s];
      }
      boolean clamped = coefficient > 1 - eps;
      double cosine = clamped ? 1 - eps : coefficient;
      rowLosses[row] = 2 * Math.acos(cosine);
      loss += rowLosses[row] / rows;
      for (int s = 0; s < constraint.assignments(); s++) {
        constraint.slope()[s] *= clamped ? 0 : -1 / Math.sqrt(1 - cosine * cosine) / rows;
      }
      constraint.backward(row, gradient);
    }
    return loss;
  }

  @Override
  public double[] rowLosses() {
    return rowLosses;
  }

  /** Finds {@link SofExactlyOneFisherRao} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "sof-exactly-one-fisher-rao";
    }

    @Override
    public Optional<String> experimental() {
      return Optional.of(
          "semantic objective functions as reconstructed, not checked against the paper");
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double eps = options.number("eps");
      return options.build(() -> new SofExactlyOneFisherRao(eps));
    }
  }
}
