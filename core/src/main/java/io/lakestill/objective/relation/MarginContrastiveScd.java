package io.lakestill.objective.relation;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Differences;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.MatrixProduct;
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
  private final MatrixProduct matrices = new MatrixProduct();
  private final Differences differences = new Differences();
  private double positive;
  private double negative;
  private transient double[] ours;
  private transient double[] theirs;
  private transient double[] pairs;
  private transient double[] slope;

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
    ours = Doubles.of(student, ours);
    theirs = Doubles.of(teacher, theirs);
    pairs = Scratch.atLeast(pairs, rows * rows);
    slope = Scratch.atLeast(slope, rows * width);
    differences.squared(ours, rows, theirs, rows, width, pairs);
    positive = 0;
    negative = 0;
    for (int i = 0; i < rows; i++) {
      double sum = 0;
      for (int j = 0; j < rows; j++) {
        double squares = pairs[i * rows + j];
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
        sum += by;
        pairs[i * rows + j] = -by;
      }
      for (int d = i * width; d < (i + 1) * width; d++) {
        slope[d] = sum * ours[d];
      }
    }
    // d loss / d s_i = sum_j by_ij (s_i - t_j).
    matrices.addMultiply(pairs, theirs, rows, rows, width, slope);
    Doubles.addTo(gradients.of("student.embedding"), 1, slope);
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
    public Optional<String> experimental() {
      return Optional.of(
          "CorrKD's sample-level term as reconstructed, not checked against the paper");
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double margin = options.number("margin");
      Reduction reduction = options.choice("reduction", Reduction.class);
      return options.build(() -> new MarginContrastiveScd(margin, reduction));
    }
  }
}
