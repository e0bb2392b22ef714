package io.lakestill.objective.logit;

import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.recipe.Schedule;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * The divergence from teacher to student with the student first, which seeks the teacher's mode.
 *
 * <p>{@code loss = (1/B) sum_b sum_c q_bc (log q_bc - log p_bc)} with {@code p = softmax(t/T)},
 * {@code q = softmax(s/T)}. The authors use {@code T = 1}.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [batch, classes]}; {@code mask: [batch]},
 * optional. In nats.
 *
 * <p>Finite for logits of any finite size; {@code 0 log 0 = 0}.
 *
 * <p>Source: Ko, Kim, Chen, Yun, "DistiLLM", 2024; jongwooko/distillm {@code losses.py}, {@code
 * reverse_kl}.
 */
public final class ReverseKl extends DistributionObjective {
  private static final long serialVersionUID = 1L;

  public ReverseKl(Schedule temperature) {
    super(temperature);
  }

  @Override
  double divergence(double[] teacherLog, double[] studentLog, int classes, double[] slope) {
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      double q = Math.exp(studentLog[c]);
      double ratio = studentLog[c] - teacherLog[c];
      sum += q * ratio;
      slope[c] = q * (ratio + 1);
    }
    return sum;
  }

  /** Finds {@link ReverseKl} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "reverse-kl";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      Schedule temperature = options.schedule("temperature");
      return options.build(() -> new ReverseKl(temperature));
    }
  }
}
