package io.lakestill.objective.logit;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.RowwiseObjective;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.LogProduct;
import io.lakestill.recipe.Schedule;
import io.lakestill.recipe.Settings;
import java.util.Arrays;
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
public final class GrkdPair implements RowwiseObjective {
  private static final long serialVersionUID = 1L;

  /** How the pairs of a row are reduced. */
  public enum Reduction {
    PAIR_MEAN,
    PAIR_SUM
  }

  private final Schedule temperature;
  private final Reduction reduction;
  private final LogProduct logProduct = new LogProduct();
  private transient double[] slopes;
  private transient double[] rowLosses;

  public GrkdPair(Schedule temperature, Reduction reduction) {
    this.temperature = Rule.positive("temperature", temperature);
    this.reduction = reduction;
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits", "teacher.logits");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    double t = temperature.at(batch.progress());
    Tensor student = batch.finite("student.logits");
    Tensor teacher = batch.finite("teacher.logits");
    Shapes.requireSame("student.logits", student, "teacher.logits", teacher);
    int rows = student.rows();
    int classes = student.width();
    float[] gradient = gradients.of("student.logits").data();
    rowLosses = Scratch.atLeast(rowLosses, rows);
    slopes = Scratch.atLeast(slopes, classes);
    double loss = 0;
    for (int row = 0; row < rows; row++) {
      int from = row * classes;
      double ofRow = 0;
      double scale = 1.0 / rows;
      if (reduction == Reduction.PAIR_MEAN) {
        scale /= Math.max(1, pairs(teacher.data(), from, classes));
      }
      Arrays.fill(slopes, 0, classes, 0.0);
      logProduct.reset();
      for (int i = 0; i < classes; i++) {
        for (int j = 0; j < i; j++) {
          float order = teacher.data()[from + i] - teacher.data()[from + j];
          if (order == 0) {
            continue;
          }
          double margin = ((double) student.data()[from + i] - student.data()[from + j]) / t;
          double lost = order > 0 ? -margin : margin;
          // softplus(x) = max(x, 0) + log(1 + e^-|x|); the logarithms are taken of their product.
          double small = Math.exp(-Math.abs(lost));
          ofRow += Math.max(lost, 0);
          logProduct.multiply(1 + small);
          double sigmoid = (lost > 0 ? 1 : small) / (1 + small);
          double slope = order > 0 ? sigmoid : -sigmoid;
          slopes[i] -= slope;
          slopes[j] += slope;
        }
      }
      ofRow = scale * (ofRow + logProduct.log());
      for (int i = 0; i < classes; i++) {
        gradient[from + i] += (float) (scale / t * slopes[i]);
      }
      loss += ofRow;
      rowLosses[row] = rows * ofRow;
    }
    return loss;
  }

  @Override
  public double[] rowLosses() {
    return rowLosses;
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
    public Optional<String> experimental() {
      return Optional.of("the term is the paper's, its reduction and weight are our choice");
    }

    @Override
    public Optional<Objective> create(Settings options) {
      Schedule temperature = options.schedule("temperature");
      Reduction reduction = options.choice("reduction", Reduction.class);
      return options.build(() -> new GrkdPair(temperature, reduction));
    }
  }
}
