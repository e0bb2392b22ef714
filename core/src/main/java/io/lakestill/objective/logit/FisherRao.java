package io.lakestill.objective.logit;

import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Rule;
import io.lakestill.recipe.Schedule;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * The geodesic distance of the two distributions on the simplex under the Fisher metric.
 *
 * <p>{@code loss = (1/B) sum_b 2 arccos(clamp(sum_c sqrt(p_bc q_bc), 0, 1 - eps))} with {@code p =
 * softmax(t/T)}, {@code q = softmax(s/T)}, and no factor {@code T^2}.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [batch, classes]}; {@code mask: [batch]},
 * optional. In radians.
 *
 * <p>Finite for logits of any finite size. The arc cosine has no derivative at 1: a row closer than
 * {@code eps} counts {@code 2 arccos(1 - eps)}, about {@code 2 sqrt(2 eps)}, with gradient 0.
 *
 * <p>Experimental: as the objective of Mendez-Lucero, Bojorquez Gallardo, Belle, "Semantic
 * Objective Functions", 2024, toward another model's distribution, temperature and mean over rows
 * are our choice.
 *
 * <p>Source: the formula (Rao, 1945); no reference code.
 */
public final class FisherRao extends DistributionObjective {
  private static final long serialVersionUID = 1L;

  private final double eps;

  public FisherRao(Schedule temperature, double eps) {
    super(temperature);
    this.eps = Rule.positive("eps", eps);
  }

  @Override
  double divergence(double[] teacherLog, double[] studentLog, int classes, double[] slope) {
    double coefficient = 0;
    for (int c = 0; c < classes; c++) {
      slope[c] = Math.exp(0.5 * (teacherLog[c] + studentLog[c]));
      coefficient += slope[c];
    }
    boolean clamped = coefficient > 1 - eps;
    double cosine = clamped ? 1 - eps : coefficient;
    double factor = clamped ? 0 : -1 / Math.sqrt(1 - cosine * cosine);
    for (int c = 0; c < classes; c++) {
      slope[c] *= factor;
    }
    return 2 * Math.acos(cosine);
  }

  /** Finds {@link FisherRao} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "fisher-rao";
    }

    @Override
    public Optional<String> experimental() {
      return Optional.of("as a distillation loss, temperature and mean over rows are our choice");
    }

    @Override
    public Optional<Objective> create(Settings options) {
      Schedule temperature = options.schedule("temperature");
      double eps = options.number("eps");
      return options.build(() -> new FisherRao(temperature, eps));
    }
  }
}
