package io.lakestill.objective.logit;

import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.recipe.Schedule;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Cross-entropy of the student with the teacher's softened distribution.
 *
 * <p>{@code loss = (1/B) sum_b sum_c -p_bc log q_bc} with {@code p = softmax(t/T)}, {@code q =
 * softmax(s/T)}, and no factor {@code T^2}; divided by the number of classes too when {@code
 * reduction = mean-over-classes}.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [batch, classes]}; {@code mask: [batch]},
 * optional. In nats.
 *
 * <p>Finite for logits of any finite size; {@code 0 log 0 = 0}.
 *
 * <p>Source: airaria/TextBrewer {@code losses.py}, {@code kd_ce_loss} ({@code batchmean}, the
 * default); MinhDucBui/revisiting_distillation {@code feature_distill.py}, {@code predictions_ce}
 * ({@code mean-over-classes}).
 */
public final class KdSoftCrossEntropy extends DistributionObjective {
  private static final long serialVersionUID = 1L;

  /** What the sum is divided by. */
  public enum Reduction {
    /** The rows. */
    BATCHMEAN,
    /** The rows times the classes. */
    MEAN_OVER_CLASSES
  }

  private final Reduction reduction;

  public KdSoftCrossEntropy(Schedule temperature, Reduction reduction) {
    super(temperature);
    this.reduction = reduction;
  }

  @Override
  double divergence(double[] teacherLog, double[] studentLog, int classes, double[] slope) {
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      double p = Math.exp(teacherLog[c]);
      sum -= p * studentLog[c];
      slope[c] = -p;
    }
    return sum;
  }

  @Override
  double factor(int rows, int classes) {
    return reduction == Reduction.BATCHMEAN ? 1.0 / rows : 1.0 / rows / classes;
  }

  /** Finds {@link KdSoftCrossEntropy} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "kd-soft-cross-entropy";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      Schedule temperature = options.schedule("temperature");
      Reduction reduction = options.choice("reduction", Reduction.class);
      return options.build(() -> new KdSoftCrossEntropy(temperature, reduction));
    }
  }
}
