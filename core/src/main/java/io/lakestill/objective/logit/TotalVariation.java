package io.lakestill.objective.logit;

import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.recipe.Schedule;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Half the absolute difference of the two distributions.
 *
 * <p>{@code loss = (1/B) sum_b (1/2) sum_c |p_bc - q_bc|} with {@code p = softmax(t/T)}, {@code q =
 * softmax(s/T)}; where both agree the derivative of the absolute value is taken as 0. The authors
 * use {@code T = 1}.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [batch, classes]}; {@code mask: [batch]},
 * optional.
 *
 * <p>Finite for logits of any finite size.
 *
 * <p>Source: Ko, Kim, Chen, Yun, "DistiLLM", 2024; jongwooko/distillm {@code losses.py}, {@code
 * tv_distance}.
 */
public final class TotalVariation extends DistributionObjective {
  private static final long serialVersionUID = 1L;

  public TotalVariation(Schedule temperature) {
    super(temperature);
  }

  @Override
  double divergence(double[] teacherLog, double[] studentLog, int classes, double[] slope) {
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      double q = Math.exp(studentLog[c]);
      double difference = q - Math.exp(teacherLog[c]);
      sum += 0.5 * Math.abs(difference);
      slope[c] = 0.5 * Math.signum(difference) * q;
    }
    return sum;
  }

  /** Finds {@link TotalVariation} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "total-variation";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      Schedule temperature = options.schedule("temperature");
      return options.build(() -> new TotalVariation(temperature));
    }
  }
}
