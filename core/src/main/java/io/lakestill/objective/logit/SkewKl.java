package io.lakestill.objective.logit;

import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Rule;
import io.lakestill.objective.numeric.LogSums;
import io.lakestill.recipe.Schedule;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * The divergence of the student, mixed with a little of the teacher, from the teacher.
 *
 * <p>{@code loss = (1/B) sum_b KL(p_b || m_b)} with {@code m = alpha p + (1 - alpha) q}, {@code p =
 * softmax(t)}, {@code q = softmax(s)}.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [batch, classes]}; {@code mask: [batch]},
 * optional. In nats.
 *
 * <p>Finite for logits of any finite size; {@code 0 log 0 = 0}.
 *
 * <p>Source: Ko, Kim, Chen, Yun, "DistiLLM", 2024; jongwooko/distillm {@code losses.py}, {@code
 * skewed_forward_kl}. The official function leaves out the teacher's entropy, so that its number is
 * not 0 when student and teacher agree; the gradient is the same.
 */
public final class SkewKl extends DistributionObjective {
  private static final long serialVersionUID = 1L;

  private final double alpha;

  /**
   * @param alpha the teacher's part of the mixture, from 0 to 1
   */
  public SkewKl(double alpha) {
    super(Schedule.of(1));
    this.alpha = Rule.fraction("alpha", alpha);
  }

  @Override
  double divergence(double[] teacherLog, double[] studentLog, int classes, double[] slope) {
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      double p = Math.exp(teacherLog[c]);
      double logStudentPart = Math.log1p(-alpha) + studentLog[c];
      double logMixture = LogSums.logAdd(Math.log(alpha) + teacherLog[c], logStudentPart);
      sum += p * (teacherLog[c] - logMixture);
      slope[c] = -p * Math.exp(logStudentPart - logMixture);
    }
    return sum;
  }

  /** Finds {@link SkewKl} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "skew-kl";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double alpha = options.number("alpha");
      return options.build(() -> new SkewKl(alpha));
    }
  }
}
