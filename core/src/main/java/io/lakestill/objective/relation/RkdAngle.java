package io.lakestill.objective.relation;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.Matrices;
import io.lakestill.objective.numeric.SmoothL1;
import io.lakestill.recipe.Settings;
import java.util.Arrays;
import java.util.Optional;

/**
 * Relational distillation by angles: three rows form the angle they form for the teacher.
 *
 * <p>{@code e_ab = (x_b - x_a) / max(|x_b - x_a|, 1e-12)}, 0 for equal rows; {@code loss = (1/B^3)
 * sum_abc smoothL1(e^s_ab . e^s_ac - e^t_ab . e^t_ac)} over all entries.
 *
 * <p>Shapes: {@code student.embedding: [batch, width]}, {@code teacher.embedding} with its own
 * width. Cost {@code B^3}, apart from the width. Equal rows of the student are a kink: their
 * gradient is divided by 1e-12, as in the reference. In distributed training the batch is one
 * worker's part.
 *
 * <p>Source: Park, Kim, Lu, Cho, "Relational Knowledge Distillation", 2019; lenscloth/RKD {@code
 * metric/loss.py}.
 */
public final class RkdAngle implements Objective {
  private static final long serialVersionUID = 1L;

  private final DifferenceAngles student = new DifferenceAngles();
  private final DifferenceAngles teacher = new DifferenceAngles();
  private transient double[] coefficients;
  private transient double[] slope;

  @Override
  public Requirements requires() {
    return Requirements.of("student.embedding", "teacher.embedding");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor ours = batch.finite("student.embedding");
    student.read(ours);
    teacher.read(batch.finite("teacher.embedding"));
    int rows = ours.rows();
    int width = ours.width();
    double share = 1.0 / rows / rows / rows;
    coefficients = Scratch.atLeast(coefficients, rows * rows);
    slope = Scratch.atLeast(slope, ours.size());
    Arrays.fill(coefficients, 0, rows * rows, 0.0);
    double loss = 0;
    for (int a = 0; a < rows; a++) {
      for (int b = 0; b < rows; b++) {
        for (int c = 0; c <= b; c++) {
          if (a == b || a == c) {
            continue;
          }
          double cosine = student.cosine(a, b, c);
          double difference = cosine - teacher.cosine(a, b, c);
          int times = b == c ? 1 : 2;
          loss += times * share * SmoothL1.of(difference);
          double by = times * share * SmoothL1.derivative(difference);
          addCoefficients(a, b, c, by, cosine, rows);
          addCoefficients(a, c, b, by, cosine, rows);
        }
      }
    }
    Matrices.multiply(coefficients, student.centred(), rows, rows, width, slope);
    Doubles.addTo(gradients.of("student.embedding"), 1, slope);
    return loss;
  }

  /**
   * The gradient is linear in the rows: {@code d cos / d x_b = (e_ac - cos e_ab) / |x_b - x_a|},
   * and its negative goes to {@code x_a}.
   */
  private void addCoefficients(int a, int b, int c, double by, double cosine, int rows) {
    double ab = student.length(a, b);
    double towardsC = by / ab / student.length(a, c);
    double awayFromB = by * cosine / ab / ab;
    double atAnchor = awayFromB - towardsC;
    coefficients[b * rows + c] += towardsC;
    coefficients[b * rows + b] -= awayFromB;
    coefficients[b * rows + a] += atAnchor;
    coefficients[a * rows + c] -= towardsC;
    coefficients[a * rows + b] += awayFromB;
    coefficients[a * rows + a] -= atAnchor;
  }

  /** Finds {@link RkdAngle} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "rkd-angle";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      return options.build(RkdAngle::new);
    }
  }
}
