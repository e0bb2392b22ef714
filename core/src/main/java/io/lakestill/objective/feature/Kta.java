package io.lakestill.objective.feature;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * Feature distillation after division by a norm.
 *
 * <p>A row, flattened, is divided by its q-norm; for {@code p = 1}, {@code loss} is the mean
 * absolute difference over all elements, else the mean over rows of the p-norm of the difference;
 * sums with {@code reduction = sum}.
 *
 * <p>Shapes: {@code student.map, teacher.map: [batch, channels, h, w]}. The reference has no floor
 * under the norm; here a row of zeros stays zero, with gradient 0.
 *
 * <p>Source: He et al., "Knowledge Adaptation for Efficient Semantic Segmentation", 2019;
 * torchdistill {@code mid_level.py}, {@code KTALoss}.
 */
public final class Kta implements Objective {
  private static final long serialVersionUID = 1L;

  /** What the sum is divided by. */
  public enum Reduction {
    MEAN,
    SUM
  }

  private final int p;
  private final int q;
  private final Reduction reduction;
  private transient double[] student;
  private transient double[] teacher;
  private transient double[] slope;

  public Kta(int p, int q, Reduction reduction) {
    this.p = Rule.atLeast(1, "p", p);
    this.q = Rule.atLeast(1, "q", q);
    this.reduction = reduction;
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.map", "teacher.map");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor ours = batch.finite("student.map");
    Tensor theirs = batch.finite("teacher.map");
    Shapes.requireSame("student.map", ours, "teacher.map", theirs);
    int rows = ours.rows();
    int width = ours.width();
    student = Doubles.of(ours, student);
    teacher = Doubles.of(theirs, teacher);
    slope = Scratch.atLeast(slope, ours.size());
    double divisor = reduction == Reduction.SUM ? 1 : p == 1 ? ours.size() : rows;
    double loss = 0;
    for (int row = 0; row < rows; row++) {
      int from = row * width;
      scale(teacher, from, width);
      double norm = scale(student, from, width);
      for (int i = from; i < from + width; i++) {
        slope[i] = student[i] - teacher[i];
      }
      double length = norm(slope, from, width, p);
      loss += length / divisor;
      double along = 0;
      for (int i = from; i < from + width; i++) {
        slope[i] = length > 0 ? power(slope[i] / length, p) / divisor : 0;
        along += slope[i] * student[i];
      }
      for (int i = from; i < from + width; i++) {
        slope[i] = norm > 0 ? (slope[i] - along * power(student[i], q)) / norm : 0;
      }
    }
    Doubles.addTo(gradients.of("student.map"), 1, slope);
    return loss;
  }

  /** Divides a row by its q-norm, which it returns. */
  private double scale(double[] values, int from, int width) {
    double norm = norm(values, from, width, q);
    for (int i = from; i < from + width && norm > 0; i++) {
      values[i] /= norm;
    }
    return norm;
  }

  private static double norm(double[] values, int from, int width, int order) {
    double sum = 0;
    for (int i = from; i < from + width; i++) {
      sum += Doubles.power(Math.abs(values[i]), order);
    }
    return Math.pow(sum, 1.0 / order);
  }

  /** {@code sign(x) |x|^(order - 1)}: the derivative of a norm of that order by an entry of 1. */
  private static double power(double x, int order) {
    return Math.signum(x) * Doubles.power(Math.abs(x), order - 1);
  }

  /** Finds {@link Kta} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "kta";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      int p = options.integer("p");
      int q = options.integer("q");
      Reduction reduction = options.choice("reduction", Reduction.class);
      return options.build(() -> new Kta(p, q, reduction));
    }
  }
}
