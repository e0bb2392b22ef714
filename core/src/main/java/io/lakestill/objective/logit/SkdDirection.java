package io.lakestill.objective.logit;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Cholesky;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.Matrices;
import io.lakestill.objective.numeric.MatrixProduct;
import io.lakestill.objective.numeric.UnitRows;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * The Mahalanobis length of what separates the two sides' similarity rows.
 *
 * <p>{@code G} is the Gram matrix of unit logit rows, {@code D = G_s - G_t}, {@code S} the
 * covariance of D's columns over the batch (divisor {@code B - 1}) plus {@code tikhonov I}; {@code
 * loss = (1/B) sum_i sqrt(D_i S^-1 D_i^T)}. The gradient passes through {@code S}.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [batch, classes]}. Cost {@code B^3}. A single
 * row has no similarities and the loss 0. In distributed training the batch is one worker's part.
 *
 * <p>Source: torchdistill {@code mid_level.py}, {@code SKDDirectionLoss}.
 */
public final class SkdDirection implements Objective {
  private static final long serialVersionUID = 1L;

  private static final double FLOOR = 1e-12;

  private final double tikhonov;
  private final MatrixProduct matrices = new MatrixProduct();
  private transient double[] student;
  private transient double[] teacher;
  private transient double[] norms;
  private transient double[] difference;
  private transient double[] centred;
  private transient double[] covariance;
  private transient double[] whitened;
  private transient double[] slope;

  public SkdDirection(double tikhonov) {
    this.tikhonov = Rule.positive("tikhonov", tikhonov);
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits", "teacher.logits");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor logits = batch.finite("student.logits");
    Tensor target = batch.finite("teacher.logits");
    int rows = logits.rows();
    if (rows < 2) {
      return 0;
    }
    int square = rows * rows;
    student = Doubles.of(logits, student);
    teacher = Doubles.of(target, teacher);
    norms = Scratch.atLeast(norms, rows);
    difference = Scratch.atLeast(difference, square);
    centred = Scratch.atLeast(centred, square);
    covariance = Scratch.atLeast(covariance, square);
    whitened = Scratch.atLeast(whitened, square);
    slope = Scratch.atLeast(slope, Math.max(square, logits.size()));
    UnitRows.normalise(teacher, rows, target.width(), FLOOR, norms);
    UnitRows.normalise(student, rows, logits.width(), FLOOR, norms);
    matrices.gram(teacher, rows, target.width(), centred);
    matrices.gram(student, rows, logits.width(), difference);
    for (int i = 0; i < square; i++) {
      difference[i] -= centred[i];
    }
    double loss = lengths(rows);
    Matrices.addTranspose(difference, rows);
    matrices.multiply(difference, student, rows, rows, logits.width(), slope);
    UnitRows.backward(slope, student, norms, rows, logits.width(), FLOOR);
    Doubles.addTo(gradients.of("student.logits"), 1, slope);
    return loss;
  }

  /** The loss; replaces {@code difference} by the derivative of the loss by it. */
  private double lengths(int rows) {
    int square = rows * rows;
    System.arraycopy(difference, 0, centred, 0, square);
    Matrices.centreColumns(centred, rows, rows);
    matrices.transposedMultiply(centred, centred, rows, rows, rows, covariance);
    for (int i = 0; i < square; i++) {
      covariance[i] /= rows - 1;
    }
    for (int i = 0; i < rows; i++) {
      covariance[i * rows + i] += tikhonov;
    }
    Cholesky.factorise(covariance, rows);
    System.arraycopy(difference, 0, whitened, 0, square);
    double loss = 0;
    for (int row = 0; row < rows; row++) {
      int offset = row * rows;
      Cholesky.solve(covariance, rows, whitened, offset);
      double length =
          Math.sqrt(Math.max(0, Doubles.dot(difference, offset, whitened, offset, rows)));
      loss += length / rows;
      double scale = length > 0 ? 1 / (rows * length) : 0;
      for (int i = offset; i < offset + rows; i++) {
        difference[i] = scale * whitened[i];
        slope[i] = -0.5 * scale * whitened[i];
      }
    }
    // d loss / d S = sum_i slope_i whitened_i^T, and S = centred^T centred / (B - 1).
    matrices.transposedMultiply(slope, whitened, rows, rows, rows, covariance);
    matrices.multiply(centred, covariance, rows, rows, rows, slope);
    for (int i = 0; i < square; i++) {
      difference[i] += 2 * slope[i] / (rows - 1);
    }
    return loss;
  }

  /** Finds {@link SkdDirection} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "skd-direction";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double tikhonov = options.number("tikhonov");
      return options.build(() -> new SkdDirection(tikhonov));
    }
  }
}
