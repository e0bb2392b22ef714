package io.lakestill.objective.relation;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Cosine;
import io.lakestill.objective.numeric.Doubles;
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

  private final int classes;
  private final double eps;
  private final Reduction reduction;
  private transient double[] counts;
  private transient double[] student;
  private transient double[] teacher;
  private transient double[] studentMeans;
  private transient double[] teacherMeans;
  private transient double[] byStudent;
  private transient double[] byMeans;

  public CategoryPrototypeCpd(int classes, double eps, Reduction reduction) {
    this.classes = Rule.atLeast(1, "num-classes", classes);
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
    int[] labels = batch.labels(classes);
    int rows = ours.rows();
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
    byStudent = Scratch.atLeast(byStudent, Math.max(rows, classes) * Math.max(width, teacherWidth));
    byMeans = Scratch.atLeast(byMeans, classes * width);
    Arrays.fill(byStudent, 0.0);
    Arrays.fill(byMeans, 0.0);
    double scale = reduction == Reduction.MEAN ? 1.0 / rows / present : 1;
    double loss = 0;
    for (int row = 0; row < rows; row++) {
      for (int k = 0; k < classes; k++) {
        if (counts[k] == 0) {
          continue;
        }
        double t = cosine(teacher, row, teacherMeans, k, teacherWidth, 0, byStudent);
        double s = cosine(student, row, studentMeans, k, width, 0, byStudent);
        double by = 2 * scale * (s - t);
        loss += scale * (s - t) * (s - t);
        cosine(student, row, studentMeans, k, width, by, byStudent);
        cosine(studentMeans, k, student, row, width, by, byMeans);
      }
    }
    float[] gradient = gradients.of("student.embedding").data();
    for (int i = 0; i < rows * width; i++) {
      int label = labels[i / width];
      double byMean = byMeans[label * width + i % width] / counts[label];
      gradient[i] += (float) (byStudent[i] + byMean);
    }
    return loss;
  }

  private double cosine(
      double[] a, int i, double[] b, int j, int width, double factor, double[] byA) {
    return Cosine.withGradient(a, i * width, b, j * width, width, eps, factor, byA);
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
    public Optional<Objective> create(Settings options) {
      int classes = options.integer("num-classes");
      double eps = options.number("eps");
      Reduction reduction = options.choice("reduction", Reduction.class);
      return options.build(() -> new CategoryPrototypeCpd(classes, eps, reduction));
    }
  }
}
