package io.lakestill.objective.feature;

import io.lakestill.error.Errors;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Tensor;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Focal binary cross-entropy of a gate.
 *
 * <p>{@code loss} is the mean over all elements of {@code -alpha (1 - g)^gamma m log g - (1 -
 * alpha) g^gamma (1 - m) log(1 - g)}, {@code m} the mask.
 *
 * <p>Shapes: {@code student.gate: [batch]} or with further axes, each a probability; {@code mask}
 * alike, 0 or 1. A gate of exactly 0 or 1 on the wrong side would be infinite: it is refused,
 * naming the row.
 *
 * <p>Source: Lin et al., "Focal Loss for Dense Object Detection", 2017; Hui-design/AAND {@code
 * models/loss.py}, {@code BCEFocalLoss}.
 */
public final class FocalGate implements Objective {
  private static final long serialVersionUID = 1L;

  /** What the sum is divided by. */
  public enum Reduction {
    /** All elements. */
    MEAN
  }

  private final double gamma;
  private final double alpha;

  public FocalGate(double gamma, double alpha) {
    this.gamma = Rule.notNegative("gamma", gamma);
    this.alpha = Rule.fraction("alpha", alpha);
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.gate");
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    throw Errors.notTrainable(
        "focal-gate",
        "a mask of the gate's elements",
        "a training reads one label per row and no mask");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor gate = batch.finite("student.gate");
    int[] mask = batch.indices("mask", gate.rows(), gate.width(), 2);
    float[] gradient = gradients.of("student.gate").data();
    double loss = 0;
    for (int i = 0; i < gate.size(); i++) {
      boolean open = mask[i] == 1;
      // The probability of what the mask says.
      double right = open ? gate.at(i) : 1 - gate.at(i);
      if (!(right > 0 && right <= 1)) {
        throw Errors.notFinite("student.gate", i / gate.width(), Math.log(right));
      }
      double weight = (open ? alpha : 1 - alpha) / gate.size();
      double rest = 1 - right;
      double focus = Math.pow(rest, gamma);
      loss -= weight * focus * Math.log(right);
      double byFocus = gamma == 0 ? 0 : gamma * Math.pow(rest, gamma - 1) * Math.log(right);
      double slope = weight * (byFocus - focus / right);
      gradient[i] += (float) (open ? slope : -slope);
    }
    return loss;
  }

  /** Finds {@link FocalGate} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "focal-gate";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double gamma = options.number("gamma");
      double alpha = options.number("alpha");
      options.choice("reduction", Reduction.class);
      return options.build(() -> new FocalGate(gamma, alpha));
    }
  }
}
