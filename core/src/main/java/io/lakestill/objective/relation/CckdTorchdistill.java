package io.lakestill.objective.relation;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.head.LinearHead;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.MatrixProduct;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Correlation congruence as torchdistill computes it: projected on both sides, not normalised, norm
 * not squared.
 *
 * <p>{@code x = W f + b} on either side; {@code K = x x^T} ({@code kernel = bilinear}) or the
 * Taylor series of the Gaussian kernel ({@code kernel = gaussian}); {@code loss = |K_s - K_t|_F},
 * divided by {@code B^2} with {@code reduction = batchmean}. Both projections learn. {@code
 * correlation-congruence-rbf} is the paper's form.
 *
 * <p>Shapes: {@code student.embedding, teacher.embedding: [batch, width]} of any widths; {@code
 * weight.student_projection, weight.teacher_projection: [projection-dim, width]} and their {@code
 * bias}. Where the kernels agree the gradient is taken as 0.
 *
 * <p>Source: torchdistill {@code mid_level.py}, {@code CCKDLoss}.
 */
public final class CckdTorchdistill implements Objective {
  private static final long serialVersionUID = 1L;

  /** How two rows are compared. */
  public enum Kernel {
    GAUSSIAN,
    BILINEAR
  }

  /** What the norm is divided by. */
  public enum Reduction {
    /** The square of the rows. */
    BATCHMEAN,
    /** Nothing. */
    SUM
  }

  private final int projectionDim;
  private final Kernel kernel;
  private final TaylorKernel series;
  private final Reduction reduction;
  private final LinearHead studentHead = new LinearHead("student_projection");
  private final LinearHead teacherHead = new LinearHead("teacher_projection");
  private final MatrixProduct matrices = new MatrixProduct();
  private transient double[] student;
  private transient double[] teacher;
  private transient double[] studentGram;
  private transient double[] teacherGram;
  private transient double[] difference;
  private transient double[] slope;

  CckdTorchdistill(int projectionDim, Kernel kernel, double gamma, int order, Reduction reduction) {
    this.projectionDim = Rule.atLeast(1, "projection-dim", projectionDim);
    this.kernel = kernel;
    this.series = new TaylorKernel(gamma, order);
    this.reduction = reduction;
  }

  @Override
  public Requirements requires() {
    return Requirements.of(
        "student.embedding",
        "teacher.embedding",
        "weight.student_projection",
        "bias.student_projection",
        "weight.teacher_projection",
        "bias.teacher_projection");
  }

  @Override
  public Equipment equip(Dimensions dimensions) {
    return studentHead
        .equip(dimensions.channels("student.embedding"), projectionDim)
        .and(teacherHead.equip(dimensions.channels("teacher.embedding"), projectionDim));
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor ours = batch.finite("student.embedding");
    Tensor theirs = batch.finite("teacher.embedding");
    int rows = ours.rows();
    student = Doubles.of(ours, student);
    teacher = Doubles.of(theirs, teacher);
    double[] s = studentHead.forward(batch, student, rows, ours.width(), 1);
    double[] t = teacherHead.forward(batch, teacher, rows, theirs.width(), 1);
    studentGram = Scratch.atLeast(studentGram, rows * rows);
    teacherGram = Scratch.atLeast(teacherGram, rows * rows);
    difference = Scratch.atLeast(difference, rows * rows);
    matrices.gram(s, rows, studentHead.out(), studentGram);
    matrices.gram(t, rows, teacherHead.out(), teacherGram);
    double squares = 0;
    for (int i = 0; i < rows * rows; i++) {
      difference[i] = value(studentGram[i]) - value(teacherGram[i]);
      squares += difference[i] * difference[i];
    }
    double norm = Math.sqrt(squares);
    double scale = reduction == Reduction.BATCHMEAN ? 1.0 / rows / rows : 1;
    double factor = norm > 0 ? 2 * scale / norm : 0;
    double[] byStudent = through(s, studentGram, rows, studentHead.out(), factor);
    Doubles.addTo(gradients.of("student.embedding"), 1, studentHead.backward(byStudent, gradients));
    double[] byTeacher = through(t, teacherGram, rows, teacherHead.out(), -factor);
    teacherHead.backward(byTeacher, gradients);
    return scale * norm;
  }

  private double value(double product) {
    return kernel == Kernel.BILINEAR ? product : series.of(product);
  }

  /** {@code d loss / d x} of the side whose Gram matrix this is. */
  private double[] through(double[] x, double[] gram, int rows, int width, double factor) {
    for (int i = 0; i < rows * rows; i++) {
      gram[i] =
          factor * difference[i] * (kernel == Kernel.BILINEAR ? 1 : series.derivative(gram[i]));
    }
    slope = Scratch.atLeast(slope, rows * width);
    matrices.multiply(gram, x, rows, rows, width, slope);
    return slope;
  }

  /** Finds {@link CckdTorchdistill} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "cckd-torchdistill";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      int projectionDim = options.integer("projection-dim");
      Kernel kernel = options.choice("kernel", Kernel.class);
      double gamma = options.number("gamma");
      int order = options.integer("order");
      Reduction reduction = options.choice("reduction", Reduction.class);
      return options.build(
          () -> new CckdTorchdistill(projectionDim, kernel, gamma, order, reduction));
    }
  }
}
