package io.lakestill.objective.logit;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Sigmoid;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Group relative distillation: the student ranks the classes as the teacher does.
 *
 * <p>{@code loss = (1/B) sum_b mean over {(i,j): t_bi > t_bj} of -log sigmoid((s_bi - s_bj)/T)};
 * the sum over the pairs instead of the mean with {@code reduction = pair-sum}.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [batch, classes]}. Ties of the teacher are no
 * pairs; a row without pairs counts 0. Cost {@code C^2/2} per row.
 *
 * <p>Experimental: the term is the paper's, its reduction and weight are our choice.
 *
 * <p>Source: Li, Zhou, Chen, "Group Relative Knowledge Distillation", 2025, as quoted by a review.
 */
public final class GrkdPair implements Objective {
  private static final long serialVersionUID = 1L;

  /** How the pairs of a row are reduced. */
  public enum Reduction {
    PAIR_MEAN,
    PAIR_SUM
  }

  private final double temperature;
  private final Reduction reduction;

  public GrkdPair(double temperature, Reduction reduction) {
    this.temperature = Rule.positive("temperature", temperature);
    this.reduction = reduction;
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits", "teacher.logits");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor student = batch.finite("student.logits");
    Tensor teacher = batch.finite("teacher.logits");
    Shapes.requireSame("student.logits", student, "teacher.logits", teacher);
    int rows = student.rows();
    int classes = student.width();
    float[] gradient = gradients.of("student.logits").data();
    double loss = 0;
    for (int row = 0; row < rows; row++) {
      int from = row * classes;
      double scale = 1.0 / rows;
      if (reduction == Reduction.PAIR_MEAN) {
        scale /= Math.max(1, pairs(teacher.data(), from, classes));
      }
      for (int i = from; i < from + classes; i++) {
        for (int j = from; j < from + classes; j++) {
          if (teacher.data()[i] > teacher.data()[j]) {
            double margin = ((double) student.data()[i] - student.data()[j]) / temperature;
            loss += scale * Sigmoid.softplus(-margin);
            float slope = (float) (scale * Sigmoid.of(-margin) / temperature);
            gradient[i] -= slope;
            gradient[j] += slope;
          }
        }
      }
    }
    return loss;
  }

  private static int pairs(float[] teacher, int from, int classes) {
    int pairs = 0;
    for (int i = from; i < from + classes; i++) {
      for (int j = from; j < i; j++) {
        pairs += teacher[i] != teacher[j] ? 1 : 0;
      }
    }
    return pairs;
  }

  /** Finds {@link GrkdPair} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "grkd-pair";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double temperature = options.number("temperature");
      Reduction reduction = options.choice("reduction", Reduction.class);
      return options.build(() -> new GrkdPair(temperature, reduction));
    }
  }
}
