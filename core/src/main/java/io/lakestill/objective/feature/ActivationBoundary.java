package io.lakestill.objective.feature;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Transfer of activation boundaries: a unit of the student lies on the side of zero where the
 * teacher's does, by a margin.
 *
 * <p>{@code loss = (1/B) sum [(s + m)^2 where s > -m and t <= 0] + [(s - m)^2 where s <= m and t >
 * 0]}; not divided with {@code reduction = sum}. A teacher's 0 counts as inactive.
 *
 * <p>Shapes: {@code student.map, teacher.map: [batch, channels, h, w]}, before the activation.
 *
 * <p>Source: Heo, Lee, Yun, Choi, "Knowledge Transfer via Distillation of Activation Boundaries",
 * 2019; torchdistill {@code mid_level.py}, {@code AltActTransferLoss}.
 */
public final class ActivationBoundary implements Objective {
  private static final long serialVersionUID = 1L;

  /** What the sum is divided by. */
  public enum Reduction {
    /** The rows. */
    MEAN,
    /** Nothing. */
    SUM
  }

  private final double margin;
  private final Reduction reduction;

  public ActivationBoundary(double margin, Reduction reduction) {
    this.margin = Rule.notNegative("margin", margin);
    this.reduction = reduction;
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.map", "teacher.map");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor student = batch.finite("student.map");
    Tensor teacher = batch.finite("teacher.map");
    Shapes.requireSame("student.map", student, "teacher.map", teacher);
    float[] gradient = gradients.of("student.map").data();
    double factor = reduction == Reduction.MEAN ? 1.0 / student.rows() : 1;
    double loss = 0;
    for (int i = 0; i < student.size(); i++) {
      double s = student.data()[i];
      boolean active = teacher.data()[i] > 0;
      double excess = active ? Math.min(s - margin, 0) : Math.max(s + margin, 0);
      loss += factor * excess * excess;
      gradient[i] += (float) (2 * factor * excess);
    }
    return loss;
  }

  /** Finds {@link ActivationBoundary} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "activation-boundary";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double margin = options.number("margin");
      Reduction reduction = options.choice("reduction", Reduction.class);
      return options.build(() -> new ActivationBoundary(margin, reduction));
    }
  }
}
