package io.lakestill.objective.relation;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Differences;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.Matrices;
import io.lakestill.objective.numeric.MatrixProduct;
import io.lakestill.objective.numeric.SmoothL1;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Relational distillation by distances: rows lie as far from each other as the teacher's, relative
 * to the mean.
 *
 * <p>{@code D_ij = sqrt(max(|x_i - x_j|^2, 1e-12))}, 0 on the diagonal, divided by the mean of its
 * positive entries; {@code loss = (1/B^2) sum_ij smoothL1(D^s_ij - D^t_ij)}. The gradient passes
 * through the student's mean.
 *
 * <p>Shapes: {@code student.embedding: [batch, width]}, {@code teacher.embedding} with its own
 * width. Equal rows are 1e-6 apart, count in the mean and pass no gradient. In distributed training
 * the batch is one worker's part.
 *
 * <p>Source: Park, Kim, Lu, Cho, "Relational Knowledge Distillation", 2019; lenscloth/RKD {@code
 * metric/loss.py}.
 */
public final class RkdDistance implements Objective {
  private static final long serialVersionUID = 1L;

  private static final double FLOOR = 1e-12;

  private final MatrixProduct matrices = new MatrixProduct();
  private final Differences differences = new Differences();
  private transient double[] student;
  private transient double[] teacher;
  private transient double[] studentDistance;
  private transient double[] teacherDistance;
  private transient double[] slope;

  @Override
  public Requirements requires() {
    return Requirements.of("student.embedding", "teacher.embedding");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor ours = batch.finite("student.embedding");
    Tensor theirs = batch.finite("teacher.embedding");
    int rows = ours.rows();
    int width = ours.width();
    if (rows < 2) {
      return 0;
    }
    student = Doubles.of(ours, student);
    teacher = Doubles.of(theirs, teacher);
    studentDistance = Scratch.atLeast(studentDistance, rows * rows);
    teacherDistance = Scratch.atLeast(teacherDistance, rows * rows);
    slope = Scratch.atLeast(slope, ours.size());
    double teacherMean = distances(teacher, rows, theirs.width(), teacherDistance);
    double studentMean = distances(student, rows, width, studentDistance);
    double loss = 0;
    double along = 0;
    for (int i = 0; i < rows * rows; i++) {
      double difference = studentDistance[i] / studentMean - teacherDistance[i] / teacherMean;
      loss += SmoothL1.of(difference) / rows / rows;
      teacherDistance[i] = SmoothL1.derivative(difference) / rows / rows;
      along += teacherDistance[i] * studentDistance[i];
    }
    double shared = along / studentMean / (rows * (rows - 1.0));
    for (int i = 0; i < rows; i++) {
      double sum = 0;
      for (int j = 0; j < rows; j++) {
        double distance = studentDistance[i * rows + j];
        boolean apart = distance * distance > FLOOR * (1 + 1e-9);
        double by =
            apart ? 2 * (teacherDistance[i * rows + j] - shared) / studentMean / distance : 0;
        sum += by;
        studentDistance[i * rows + j] = -by;
      }
      studentDistance[i * rows + i] = sum;
    }
    // Row i is pulled by sum_j by_ij (x_i - x_j); centred rows lose the fewest digits.
    Matrices.centreColumns(student, rows, width);
    matrices.multiply(studentDistance, student, rows, rows, width, slope);
    Doubles.addTo(gradients.of("student.embedding"), 1, slope);
    return loss;
  }

  /** Fills the distances; returns their mean off the diagonal. */
  private double distances(double[] x, int rows, int width, double[] out) {
    differences.squared(x, rows, width, out);
    double sum = 0;
    for (int i = 0; i < rows * rows; i++) {
      boolean diagonal = i / rows == i % rows;
      out[i] = diagonal ? 0 : Math.sqrt(Math.max(out[i], FLOOR));
      sum += out[i];
    }
    return sum / (rows * (rows - 1.0));
  }

  /** Finds {@link RkdDistance} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "rkd-distance";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      return options.build(RkdDistance::new);
    }
  }
}
