package io.lakestill.objective.relation;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.MatrixProduct;
import io.lakestill.objective.numeric.UnitRows;
import io.lakestill.recipe.Settings;
import java.util.Arrays;
import java.util.Optional;

/**
 * Category prototypes: a row is as close to the class means as the teacher's row is to its own.
 *
 * <p>{@code c_k} is the mean embedding of the batch's rows of class {@code k}, on each side; {@code
 * M_ik = cos(h_i, c_k)} with norms at least {@code eps}; {@code loss} is the mean over rows and
 * present classes of {@code (M^s_ik - M^t_ik)^2}, or the sum. The gradient passes through the
 * student's prototypes. Classes absent from the batch are skipped.
 *
 * <p>Shapes: {@code student.embedding: [batch, width]}, {@code teacher.embedding} with its own
 * width, {@code labels: [batch]}. In distributed training the prototypes are those of one worker's
 * part.
 *
 * <p>Experimental: a reconstruction of CorrKD's prototype term (Li et al., 2024), not checked
 * against the paper.
 */
public final class CategoryPrototypeCpd implements Objective {
  private static final long serialVersionUID = 1L;

  /** What the sum is divided by. */
  public enum Reduction {
    /** The rows times the present classes. */
    MEAN,
    /** Nothing. */
    SUM
  }

  private final int known;
  private final double eps;
  private final Reduction reduction;

  /** As many as the batch has labels for. */
  private final MatrixProduct matrices = new MatrixProduct();

  private transient int classes;

  private transient double[] counts;
  private transient double[] student;
  private transient double[] teacher;
  private transient double[] studentMeans;
  private transient double[] teacherMeans;
  private transient double[] byStudent;
  private transient double[] byMeans;
  private transient double[] norms;
  private transient double[] meanNorms;
  private transient double[] cosines;
  private transient double[] teacherCosines;

  /**
   * @param classes labels must be below it
   */
  public CategoryPrototypeCpd(int classes, double eps, Reduction reduction) {
    this.known = Rule.atLeast(1, "num-classes", classes);
    this.eps = Rule.positive("eps", eps);
    this.reduction = reduction;
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.embedding", "teacher.embedding", "labels");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor ours = batch.finite("student.embedding");
    Tensor theirs = batch.finite("teacher.embedding");
    int[] labels = batch.labels(known);
    int rows = ours.rows();
    classes = 0;
    for (int row = 0; row < rows; row++) {
      classes = Math.max(classes, labels[row] + 1);
    }
    int width = ours.width();
    int teacherWidth = theirs.width();
    counts = Scratch.atLeast(counts, classes);
    Arrays.fill(counts, 0, classes, 0.0);
    int present = 0;
    for (int row = 0; row < rows; row++) {
      present += counts[labels[row]]++ == 0 ? 1 : 0;
    }
    student = Doubles.of(ours, student);
    teacher = Doubles.of(theirs, teacher);
    studentMeans = means(student, labels, rows, width, studentMeans);
    teacherMeans = means(teacher, labels, rows, teacherWidth, teacherMeans);
    norms = Scratch.atLeast(norms, rows);
    meanNorms = Scratch.atLeast(meanNorms, classes);
    cosines = Scratch.atLeast(cosines, rows * classes);
    teacherCosines = Scratch.atLeast(teacherCosines, rows * classes);
    byStudent = Scratch.atLeast(byStudent, rows * width);
    byMeans = Scratch.atLeast(byMeans, classes * width);
    cosines(teacher, teacherMeans, rows, teacherWidth, teacherCosines);
    cosines(student, studentMeans, rows, width, cosines);
    double scale = reduction == Reduction.MEAN ? 1.0 / rows / present : 1;
    double loss = 0;
    // The mean of an absent class is zero, its cosines too, on either side.
    for (int i = 0; i < rows * classes; i++) {
      double difference = cosines[i] - teacherCosines[i];
      loss += scale * difference * difference;
      cosines[i] = 2 * scale * difference;
    }
    matrices.multiply(cosines, studentMeans, rows, classes, width, byStudent);
    matrices.transposedMultiply(cosines, student, classes, rows, width, byMeans);
    UnitRows.backward(byStudent, student, norms, rows, width, eps);
    UnitRows.backward(byMeans, studentMeans, meanNorms, classes, width, eps);
    float[] gradient = gradients.of("student.embedding").data();
    for (int i = 0; i < rows * width; i++) {
      int label = labels[i / width];
      double byMean = byMeans[label * width + i % width] / counts[label];
      gradient[i] += (float) (byStudent[i] + byMean);
    }
    return loss;
  }

  /** Makes the rows and the means unit vectors, and multiplies them. */
  private void cosines(double[] values, double[] means, int rows, int width, double[] out) {
    UnitRows.normalise(values, rows, width, eps, norms);
    UnitRows.normalise(means, classes, width, eps, meanNorms);
    matrices.multiplyTransposed(values, means, rows, width, classes, out);
  }

  private double[] means(double[] values, int[] labels, int rows, int width, double[] reused) {
    double[] means = Scratch.atLeast(reused, classes * width);
    Arrays.fill(means, 0.0);
    for (int i = 0; i < rows * width; i++) {
      int label = labels[i / width];
      means[label * width + i % width] += values[i] / counts[label];
    }
    return means;
  }

  /** Finds {@link CategoryPrototypeCpd} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "category-prototype-cpd";
    }

    @Override
    public Optional<String> experimental() {
      return Optional.of("CorrKD's prototype term as reconstructed, not checked against the paper");
    }

    @Override
    public Optional<Objective> create(Settings options) {
      int classes = options.has("num-classes") ? options.integer("num-classes") : Integer.MAX_VALUE;
      double eps = options.number("eps");
      Reduction reduction = options.choice("reduction", Reduction.class);
      return options.build(() -> new CategoryPrototypeCpd(classes, eps, reduction));
    }
  }
}
