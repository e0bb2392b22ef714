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
import io.lakestill.objective.numeric.UnitRows;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Correlation congruence: the rows' kernel matrix equals the teacher's.
 *
 * <p>Rows are divided by their norm (at least 1e-12); {@code K_ij = exp(-2 gamma) sum_{p=0..order}
 * (2 gamma)^p / p! (f_i . f_j)^p}; {@code loss = (1/B^2) |K_s - K_t|_F^2}. With order 0 it is 0.
 *
 * <p>Shapes: {@code student.embedding: [batch, width]}, {@code teacher.embedding} with its own
 * width. In distributed training the batch is one worker's part.
 *
 * <p>Source: Peng et al., "Correlation Congruence for Knowledge Distillation", 2019, gamma 0.4 and
 * order 2; AberHu/Knowledge-Distillation-Zoo {@code cc.py}.
 */
public final class CorrelationCongruenceRbf implements Objective {
  private static final long serialVersionUID = 1L;

  private static final double FLOOR = 1e-12;

  private final TaylorKernel kernel;
  private final MatrixProduct matrices = new MatrixProduct();
  private transient double[] student;
  private transient double[] norms;
  private transient double[] studentGram;
  private transient double[] teacherGram;
  private transient double[] slope;

  public CorrelationCongruenceRbf(double gamma, int order) {
    this.kernel = new TaylorKernel(gamma, order);
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
    norms = Scratch.atLeast(norms, rows);
    studentGram = Scratch.atLeast(studentGram, rows * rows);
    teacherGram = Scratch.atLeast(teacherGram, rows * rows);
    slope = Doubles.of(theirs, slope);
    UnitRows.normalise(slope, rows, theirs.width(), FLOOR, norms);
    matrices.gram(slope, rows, theirs.width(), teacherGram);
    student = Doubles.of(ours, student);
    UnitRows.normalise(student, rows, width, FLOOR, norms);
    matrices.gram(student, rows, width, studentGram);
    double loss = 0;
    for (int i = 0; i < rows * rows; i++) {
      double difference = kernel.of(studentGram[i]) - kernel.of(teacherGram[i]);
      loss += difference * difference / rows / rows;
      // The Gram matrix is symmetric: each row meets an entry twice.
      teacherGram[i] = 4 * difference * kernel.derivative(studentGram[i]) / rows / rows;
    }
    slope = Scratch.atLeast(slope, ours.size());
    matrices.multiply(teacherGram, student, rows, rows, width, slope);
    UnitRows.backward(slope, student, norms, rows, width, FLOOR);
    Doubles.addTo(gradients.of("student.embedding"), 1, slope);
    return loss;
  }

  /** Finds {@link CorrelationCongruenceRbf} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "correlation-congruence-rbf";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double gamma = options.number("gamma");
      int order = options.integer("order");
      return options.build(() -> new CorrelationCongruenceRbf(gamma, order));
    }
  }
}
