package io.lakestill.objective.relation;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
import io.lakestill.recipe.Settings;
import java.util.Map;
import java.util.Optional;

/**
 * Sample-level contrast by margin: a row lies at its teacher's row and away from all others.
 *
 * <p>{@code loss = sum_i sum_{j != i} [ d(s_i, t_i)^2 + max(0, margin - d(s_i, t_j))^2 ]} with the
 * Euclidean distance, divided by {@code N (N - 1)} with {@code reduction = mean-pairs}. The
 * positive part stands inside the sum over {@code j} and counts {@code N - 1} times.
 *
 * <p>Shapes: {@code student.embedding, teacher.embedding: [batch, width]}. Where a distance is 0
 * its derivative is taken as 0; one row has no pairs and loss 0.
 *
 * <p>Experimental: a reconstruction of CorrKD's sample-level term (Li et al., 2024), not checked
 * against the paper.
 */
public final class MarginContrastiveScd implements Objective {
  private static final long serialVersionUID = 1L;

  /** What the sum is divided by. */
  public enum Reduction {
    MEAN_PAIRS,
    SUM
  }

  private final double margin;
  private final Reduction reduction;
  private double positive;
  private double negative;

  public MarginContrastiveScd(double margin, Reduction reduction) {
    this.margin = Rule.notNegative("margin", margin);
    this.reduction = reduction;
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.embedding", "teacher.embedding");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor student = batch.finite("student.embedding");
    Tensor teacher = batch.finite("teacher.embedding");
    Shapes.requireSame("student.embedding", student, "teacher.embedding", teacher);
    int rows = student.rows();
    int width = student.width();
    double scale = reduction == Reduction.SUM ? 1 : 1.0 / Math.max(1, rows * (rows - 1));
    float[] gradient = gradients.of("student.embedding").data();
    positive = 0;
    negative = 0;
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < rows; j++) {
        double squares = 0;
        for (int d = 0; d < width; d++) {
          double difference = student.at(i * width + d) - teacher.at(j * width + d);
          squares += difference * difference;
        }
        double distance = Math.sqrt(squares);
        double gap = Math.max(0, margin - distance);
        double by;
        if (i == j) {
          positive += scale * (rows - 1) * squares;
          by = 2 * scale * (rows - 1);
        } else {
          negative += scale * gap * gap;
          by = distance > 0 ? -2 * scale * gap / distance : 0;
        }
        for (int d = 0; d < width; d++) {
          double difference = student.at(i * width + d) - teacher.at(j * width + d);
          gradient[i * width + d] += (float) (by * difference);
        }
      }
    }
    return positive + negative;
  }

  @Override
  public Map<String, Double> parts() {
    return Map.of("positive", positive, "negative", negative);
  }

  /** Finds {@link MarginContrastiveScd} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "margin-contrastive-scd";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double margin = options.number("margin");
      Reduction reduction = options.choice("reduction", Reduction.class);
      return options.build(() -> new MarginContrastiveScd(margin, reduction));
    }
  }
}
