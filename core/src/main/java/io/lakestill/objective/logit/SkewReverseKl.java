package io.lakestill.objective.logit;

import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Rule;
import io.lakestill.objective.numeric.LogSums;
import io.lakestill.recipe.Schedule;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * The divergence of the teacher, mixed with a little of the student, from the student.
 *
 * <p>{@code loss = (1/B) sum_b KL(q_b || m_b)} with {@code m = (1 - alpha) p + alpha q}, {@code p =
 * softmax(t)}, {@code q = softmax(s)}.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [batch, classes]}; {@code mask: [batch]},
 * optional. In nats.
 *
 * <p>Finite for logits of any finite size; {@code 0 log 0 = 0}.
 *
 * <p>Source: Ko, Kim, Chen, Yun, "DistiLLM", 2024; jongwooko/distillm {@code losses.py}, {@code
 * skewed_reverse_kl}.
 */
public final class SkewReverseKl extends DistributionObjective {
  private static final long serialVersionUID = 1L;

  private final double alpha;

  /**
   * @param alpha the student's part of the mixture, from 0 to 1
   */
  public SkewReverseKl(double alpha) {
    super(Schedule.of(1));
    this.alpha = Rule.fraction("alpha", alpha);
  }

  @Override
  double divergence(double[] teacherLog, double[] studentLog, int classes, double[] slope) {
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      double q = Math.exp(studentLog[c]);
      double logStudentPart = Math.log(alpha) + studentLog[c];
      double logMixture = LogSums.logAdd(Math.log1p(-alpha) + teacherLog[c], logStudentPart);
      double ratio = studentLog[c] - logMixture;
      sum += q * ratio;
      slope[c] = q * (ratio + 1 - Math.exp(logStudentPart - logMixture));
    }
    return sum;
  }

  /** Finds {@link SkewReverseKl} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "skew-reverse-kl";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double alpha = options.number("alpha");
      return options.build(() -> new SkewReverseKl(alpha));
    }
  }
}
