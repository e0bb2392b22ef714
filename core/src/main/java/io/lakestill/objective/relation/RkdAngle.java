package io.lakestill.objective.relation;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.MatrixProduct;
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
  private final MatrixProduct matrices = new MatrixProduct();
  private transient double[][] coefficients;
  private transient double[] flat;
  private transient double[] slope;
  private transient double[] studentWeights;
  private transient double[] teacherWeights;
  private transient double[] cosines;
  private transient double[] differences;
  private transient double[] slopes;
  private transient double[] losses;
  private transient double[] towards;
  private transient double[] away;

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
    prepare(rows);
    double loss = 0;
    for (int a = 0; a < rows; a++) {
      loss +=
          student.regularAt(a) && teacher.regularAt(a)
              ? anchor(a, rows, share)
              : irregularAnchor(a, rows, share);
    }
    for (int i = 0; i < rows; i++) {
      System.arraycopy(coefficients[i], 0, flat, i * rows, rows);
    }
    slope = Scratch.atLeast(slope, ours.size());
    matrices.multiply(flat, student.centred(), rows, rows, width, slope);
    Doubles.addTo(gradients.of("student.embedding"), 1, slope);
    return loss;
  }

  private void prepare(int rows) {
    coefficients = Scratch.table(coefficients, rows, rows);
    for (int i = 0; i < rows; i++) {
      Arrays.fill(coefficients[i], 0, rows, 0.0);
    }
    flat = Scratch.atLeast(flat, rows * rows);
    studentWeights = Scratch.atLeast(studentWeights, rows);
    teacherWeights = Scratch.atLeast(teacherWeights, rows);
    cosines = Scratch.atLeast(cosines, rows);
    differences = Scratch.atLeast(differences, rows);
    slopes = Scratch.atLeast(slopes, rows);
    losses = Scratch.atLeast(losses, rows);
    towards = Scratch.atLeast(towards, rows);
    away = Scratch.atLeast(away, rows);
  }

  /**
   * The angles at one row, by lines of the Gram matrix. With {@code D_bc} the loss's derivative by
   * a cosine, {@code d loss / d x_b = sum_c D_bc e_ac / |ab| - (sum_c D_bc cos_bc) e_ab / |ab|},
   * and its negative goes to {@code x_a}; {@code D} is symmetric, so that its sums over columns are
   * those over rows.
   */
  private double anchor(int a, int rows, double share) {
    student.reciprocals(a, studentWeights);
    teacher.reciprocals(a, teacherWeights);
    Arrays.fill(losses, 0, rows, 0.0);
    Arrays.fill(towards, 0, rows, 0.0);
    Arrays.fill(away, 0, rows, 0.0);
    for (int b = 0; b < rows; b++) {
      if (b != a) {
        cosines(student, a, b, rows, studentWeights, cosines);
        cosines(teacher, a, b, rows, teacherWeights, differences);
        compare(rows, cosines, differences, slopes, losses, away);
        addSlopes(rows, 2 * share * studentWeights[b], slopes, studentWeights, coefficients[b]);
        addSlopes(rows, 2 * share * studentWeights[b], slopes, studentWeights, towards);
      }
    }
    double loss = 0;
    for (int c = 0; c < rows; c++) {
      loss += share * losses[c];
      double self = 2 * share * away[c] * studentWeights[c] * studentWeights[c];
      double atAnchor = self - towards[c];
      coefficients[c][c] -= self;
      coefficients[c][a] += atAnchor;
      coefficients[a][c] += atAnchor;
      coefficients[a][a] -= atAnchor;
    }
    return loss;
  }

  /** {@code out[c] = e_ab . e_ac}. */
  private static void cosines(
      DifferenceAngles side, int a, int b, int rows, double[] weights, double[] out) {
    double[] first = side.products(b);
    double[] second = side.products(a);
    double weight = weights[b];
    double constant = second[a] - second[b];
    for (int c = 0; c < rows; c++) {
      out[c] = (first[c] - second[c] + constant) * weight * weights[c];
    }
  }

  /** The rounded absolute value and its derivative, see {@link SmoothL1}. */
  private static void compare(
      int rows,
      double[] cosines,
      double[] others,
      double[] slopes,
      double[] losses,
      double[] away) {
    for (int c = 0; c < rows; c++) {
      double difference = cosines[c] - others[c];
      double slope = Math.max(-1, Math.min(1, difference));
      slopes[c] = slope;
      losses[c] += slope * (difference - 0.5 * slope);
    }
    for (int c = 0; c < rows; c++) {
      away[c] += slopes[c] * cosines[c];
    }
  }

  private static void addSlopes(
      int rows, double factor, double[] slopes, double[] weights, double[] to) {
    for (int c = 0; c < rows; c++) {
      to[c] += factor * slopes[c] * weights[c];
    }
  }

  /** The angles at a row that coincides, or nearly, with another on either side. */
  private double irregularAnchor(int a, int rows, double share) {
    double loss = 0;
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
        addCoefficients(a, b, c, by, cosine);
        addCoefficients(a, c, b, by, cosine);
      }
    }
    return loss;
  }

  /**
   * The gradient is linear in the rows: {@code d cos / d x_b = (e_ac - cos e_ab) / |x_b - x_a|},
   * and its negative goes to {@code x_a}.
   */
  private void addCoefficients(int a, int b, int c, double by, double cosine) {
    double ab = student.length(a, b);
    double towardsC = by / ab / student.length(a, c);
    double awayFromB = by * cosine / ab / ab;
    double atAnchor = awayFromB - towardsC;
    coefficients[b][c] += towardsC;
    coefficients[b][b] -= awayFromB;
    coefficients[b][a] += atAnchor;
    coefficients[a][c] -= towardsC;
    coefficients[a][b] += awayFromB;
    coefficients[a][a] -= atAnchor;
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
