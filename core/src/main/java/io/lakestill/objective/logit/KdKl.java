package io.lakestill.objective.logit;

import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.recipe.Schedule;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Knowledge distillation by the divergence of softened distributions.
 *
 * <p>{@code loss = T^2 (1/B) sum_b sum_c p_bc (log p_bc - log q_bc)} with {@code p = softmax(t/T)}
 * and {@code q = softmax(s/T)}; {@code d loss / d s = (T/B) (q - p)}.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [batch, classes]}; {@code mask: [batch]},
 * optional. In nats.
 *
 * <p>Finite for logits of any finite size; {@code 0 log 0 = 0}.
 *
 * <p>Source: Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015; the mean
 * over the batch as in megvii-research/mdistiller {@code KD.py}.
 */
public final class KdKl extends DistributionObjective {
  private static final long serialVersionUID = 1L;

  /**
   * @param temperature what both sides' logits are divided by, above 0
   */
  public KdKl(double temperature) {
    this(Schedule.of(temperature));
  }

  /**
   * @param temperature what both sides' logits are divided by, above 0 at all times
   */
  public KdKl(Schedule temperature) {
    super(temperature);
  }

  @Override
  double divergence(double[] teacherLog, double[] studentLog, int classes, double[] slope) {
    double divergence = 0;
    for (int c = 0; c < classes; c++) {
      double p = Math.exp(teacherLog[c]);
      divergence += p * (teacherLog[c] - studentLog[c]);
      slope[c] = -p;
    }
    return divergence;
  }

  /** {@code T^2}, which gives gradients the same size at any temperature. */
  @Override
  double softening(double temperature) {
    return temperature * temperature;
  }

  /** Finds {@link KdKl} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "kd-kl";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      Schedule temperature = options.schedule("temperature");
      return options.build(() -> new KdKl(temperature));
    }
  }
}
