package io.lakestill.objective.logit;

import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Rule;
import io.lakestill.objective.numeric.LogSums;
import io.lakestill.recipe.Schedule;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * The generalised Jensen-Shannon divergence of the softened distributions.
 *
 * <p>{@code loss = (1/B) sum_b [ beta KL(p_b || m_b) + (1 - beta) KL(q_b || m_b) ]} with {@code m =
 * beta p + (1 - beta) q}, {@code p = softmax(t/T)}, {@code q = softmax(s/T)}, and no factor {@code
 * T^2}. As in the reference, {@code beta = 0} means {@code KL(p || q)} and {@code beta = 1} means
 * {@code KL(q || p)}, although the limits of the formula are 0.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [batch, classes]}; {@code mask: [batch]},
 * optional. In nats.
 *
 * <p>Finite for logits of any finite size; {@code 0 log 0 = 0}.
 *
 * <p>Source: Agarwal et al., "On-Policy Distillation of Language Models", 2024; huggingface/trl
 * {@code gkd_trainer.py}, {@code generalized_jsd_loss}.
 */
public final class KdJsd extends DistributionObjective {
  private static final long serialVersionUID = 1L;

  private final double beta;

  /**
   * @param beta the teacher's part of the mixture, from 0 to 1
   */
  public KdJsd(Schedule temperature, double beta) {
    super(temperature);
    this.beta = Rule.fraction("beta", beta);
  }

  @Override
  double divergence(double[] teacherLog, double[] studentLog, int classes, double[] slope) {
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      double p = Math.exp(teacherLog[c]);
      double q = Math.exp(studentLog[c]);
      double logRatio = studentLog[c] - teacherLog[c];
      if (beta == 0) {
        sum -= p * logRatio;
        slope[c] = -p;
      } else if (beta == 1) {
        sum += q * logRatio;
        slope[c] = q * (logRatio + 1);
      } else {
        double logStudentPart = Math.log1p(-beta) + studentLog[c];
        double logMixture = LogSums.logAdd(Math.log(beta) + teacherLog[c], logStudentPart);
        double studentPart = Math.exp(logStudentPart - logMixture);
        double ratio = studentLog[c] - logMixture;
        sum += beta * p * (teacherLog[c] - logMixture) + (1 - beta) * q * ratio;
        slope[c] = -beta * p * studentPart + (1 - beta) * q * (ratio + 1 - studentPart);
      }
    }
    return sum;
  }

  /** Finds {@link KdJsd} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "kd-jsd";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      Schedule temperature = options.schedule("temperature");
      double beta = options.number("beta");
      return options.build(() -> new KdJsd(temperature, beta));
    }
  }
}
