package io.lakestill.objective.feature;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.Matrices;
import io.lakestill.objective.numeric.MatrixProduct;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Probabilistic knowledge transfer: the same conditional probabilities of being neighbours.
 *
 * <p>{@code f / (|f| + eps)}; {@code K = (f f^T + 1)/2}, each row divided by its sum; {@code loss}
 * is the mean over all {@code B^2} entries of {@code K_t log((K_t + eps)/(K_s + eps))}, the
 * diagonal included.
 *
 * <p>Shapes: {@code student.embedding: [batch, width]}, {@code teacher.embedding} with its own
 * width. A zero row is similar 1/2 to all, with gradient of the linear map only. In distributed
 * training the batch is one worker's part.
 *
 * <p>Source: Passalis, Tefas, "Learning Deep Representations with Probabilistic Knowledge
 * Transfer", 2018; megvii-research/mdistiller {@code PKT.py}.
 */
public final class Pkt implements Objective {
  private static final long serialVersionUID = 1L;

  private final double eps;
  private final MatrixProduct matrices = new MatrixProduct();
  private transient double[] student;
  private transient double[] norms;
  private transient double[] studentKernel;
  private transient double[] teacherKernel;
  private transient double[] slope;

  public Pkt(double eps) {
    this.eps = Rule.positive("eps", eps);
  }

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
    norms = Scratch.atLeast(norms, 2 * rows);
    studentKernel = Scratch.atLeast(studentKernel, rows * rows);
    teacherKernel = Scratch.atLeast(teacherKernel, rows * rows);
    slope = Doubles.of(theirs, slope);
    kernel(slope, rows, theirs.width(), teacherKernel);
    student = Doubles.of(ours, student);
    kernel(student, rows, width, studentKernel);
    double loss = 0;
    for (int row = 0; row < rows; row++) {
      double along = 0;
      for (int i = row * rows; i < (row + 1) * rows; i++) {
        double p = teacherKernel[i];
        loss += p * Math.log((p + eps) / (studentKernel[i] + eps)) / rows / rows;
        teacherKernel[i] = -p / (studentKernel[i] + eps) / rows / rows;
        along += teacherKernel[i] * studentKernel[i];
      }
      for (int i = row * rows; i < (row + 1) * rows; i++) {
        // Through the division by the row's sum and the halving.
        teacherKernel[i] = (teacherKernel[i] - along) / norms[rows + row] / 2;
      }
    }
    Matrices.addTranspose(teacherKernel, rows);
    slope = Scratch.atLeast(slope, ours.size());
    matrices.multiply(teacherKernel, student, rows, rows, width, slope);
    for (int row = 0; row < rows; row++) {
      double norm = norms[row];
      double along = Doubles.dot(slope, row * width, student, row * width, width);
      for (int i = row * width; i < (row + 1) * width; i++) {
        double bend = norm > 0 ? along * student[i] / norm : 0;
        slope[i] = slope[i] / (norm + eps) - bend;
      }
    }
    Doubles.addTo(gradients.of("student.embedding"), 1, slope);
    return loss;
  }

  /** Leaves norms in {@code norms[0..rows)} and the kernel's row sums behind them. */
  private void kernel(double[] features, int rows, int width, double[] kernel) {
    for (int row = 0; row < rows; row++) {
      int from = row * width;
      norms[row] = Math.sqrt(Doubles.dot(features, from, features, from, width));
      for (int i = from; i < from + width; i++) {
        features[i] /= norms[row] + eps;
      }
    }
    matrices.gram(features, rows, width, kernel);
    for (int row = 0; row < rows; row++) {
      double sum = 0;
      for (int i = row * rows; i < (row + 1) * rows; i++) {
        kernel[i] = (kernel[i] + 1) / 2;
        sum += kernel[i];
      }
      norms[rows + row] = sum;
      for (int i = row * rows; i < (row + 1) * rows; i++) {
        kernel[i] /= sum;
      }
    }
  }

  /** Finds {@link Pkt} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "pkt";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double eps = options.number("eps");
      return options.build(() -> new Pkt(eps));
    }
  }
}
