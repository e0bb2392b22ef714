package io.lakestill.objective.logit;

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
import io.lakestill.objective.numeric.Matrices;
import io.lakestill.objective.numeric.MatrixProduct;
import io.lakestill.objective.numeric.UnitRows;
import io.lakestill.recipe.Settings;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Class-aware logit distillation: logits compared as rows, as class columns, and by the correlation
 * of classes.
 *
 * <p>{@code loss = lambda CE + mu (instance + beta class) + nu correlation}, with {@code instance}
 * the mean over {@code B C} of the squared difference of the logits with unit rows, {@code class}
 * the same with unit columns, and {@code correlation = (1/C^2) |B_s - B_t|_F^2}, {@code B = Z^T Z /
 * (C - 1)}, {@code Z} the logits less their mean over the batch. No temperature.
 *
 * <p>With {@code divisor = classes}, as above and as the reference values have it, {@code B} grows
 * with the batch: at 128 rows of 10 classes the third term is thousands of times the others, and it
 * cannot tell a logit from its negative. With {@code divisor = rows} it is the covariance, {@code
 * Z^T Z / (B - 1)}.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [batch, classes]}, {@code labels: [batch]}.
 * Large batches matter: columns and correlations see one worker's part of the batch.
 *
 * <p>Experimental: the third term is our reading; implementations differ in it. Rows or columns of
 * zeros stay zero (norms are at least 1e-12).
 *
 * <p>Source: Zhang, Liu, Hopcroft, He, "Class-aware Information for Logit-based Knowledge
 * Distillation", 2022.
 */
public final class Clkd implements Objective {
  private static final long serialVersionUID = 1L;

  private static final double FLOOR = 1e-12;

  /** What the products of centred logits are divided by, less one. */
  public enum Divisor {
    CLASSES,
    ROWS
  }

  private final double lambda;
  private final double mu;
  private final double beta;
  private final double nu;
  private final Divisor divisor;
  private final CrossEntropy crossEntropy = new CrossEntropy();
  private double ce;
  private double instance;
  private double byClass;
  private double correlation;
  private final MatrixProduct matrices = new MatrixProduct();
  private transient Gradients hard;
  private transient Batch hardFor;
  private transient double[] teacherRows;
  private transient double[] studentRows;
  private transient double[] studentColumns;
  private transient double[] teacherColumns;
  private transient double[] slope;
  private transient double[] norms;
  private transient double[] studentGram;
  private transient double[] teacherGram;

  public Clkd(double lambda, double mu, double beta, double nu, Divisor divisor) {
    this.lambda = Rule.notNegative("lambda", lambda);
    this.mu = Rule.notNegative("mu", mu);
    this.beta = Rule.notNegative("beta", beta);
    this.nu = Rule.notNegative("nu", nu);
    this.divisor = divisor;
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits", "teacher.logits", "labels");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor student = batch.finite("student.logits");
    Tensor teacher = batch.finite("teacher.logits");
    Shapes.requireSame("student.logits", student, "teacher.logits", teacher);
    int rows = student.rows();
    int classes = student.width();
    Tensor gradient = gradients.of("student.logits");
    ce = hardTerm(batch, gradients);
    slope = Scratch.atLeast(slope, student.size());
    norms = Scratch.atLeast(norms, Math.max(rows, classes));
    studentRows = Doubles.of(student, studentRows);
    teacherRows = Doubles.of(teacher, teacherRows);
    studentColumns = Scratch.atLeast(studentColumns, student.size());
    teacherColumns = Scratch.atLeast(teacherColumns, student.size());
    Matrices.transpose(studentRows, rows, classes, studentColumns);
    Matrices.transpose(teacherRows, rows, classes, teacherColumns);

    instance = unitDifference(studentRows, teacherRows, rows, classes);
    Doubles.addTo(gradient, mu, slope);
    byClass = unitDifference(studentColumns, teacherColumns, classes, rows);
    Matrices.transpose(slope, classes, rows, studentColumns);
    Doubles.addTo(gradient, mu * beta, studentColumns);
    studentRows = Doubles.of(student, studentRows);
    teacherRows = Doubles.of(teacher, teacherRows);
    correlation = classCorrelation(rows, classes);
    Doubles.addTo(gradient, nu, slope);
    return lambda * ce + mu * (instance + beta * byClass) + nu * correlation;
  }

  private double hardTerm(Batch batch, Gradients gradients) {
    if (hardFor != batch) {
      hard = Gradients.of(batch, Set.of("student.logits"));
      hardFor = batch;
    }
    hard.zero();
    double loss = crossEntropy.evaluate(batch, hard);
    gradients.add(lambda, hard);
    return loss;
  }

  /** The mean squared difference of unit rows; leaves its derivative in {@code slope}. */
  private double unitDifference(double[] student, double[] teacher, int rows, int width) {
    int size = rows * width;
    UnitRows.normalise(teacher, rows, width, FLOOR, norms);
    UnitRows.normalise(student, rows, width, FLOOR, norms);
    double sum = 0;
    for (int i = 0; i < size; i++) {
      double difference = student[i] - teacher[i];
      sum += difference * difference / size;
      slope[i] = 2 * difference / size;
    }
    UnitRows.backward(slope, student, norms, rows, width, FLOOR);
    return sum;
  }

  private double classCorrelation(int rows, int classes) {
    studentGram = Scratch.atLeast(studentGram, classes * classes);
    teacherGram = Scratch.atLeast(teacherGram, classes * classes);
    Matrices.centreColumns(studentRows, rows, classes);
    Matrices.centreColumns(teacherRows, rows, classes);
    matrices.transposedMultiply(studentRows, studentRows, classes, rows, classes, studentGram);
    matrices.transposedMultiply(teacherRows, teacherRows, classes, rows, classes, teacherGram);
    double by = Math.max(1, (divisor == Divisor.ROWS ? rows : classes) - 1);
    double sum = 0;
    for (int i = 0; i < classes * classes; i++) {
      studentGram[i] = (studentGram[i] - teacherGram[i]) / by;
      sum += studentGram[i] * studentGram[i];
      studentGram[i] *= 4.0 / classes / classes / by;
    }
    matrices.multiply(studentRows, studentGram, rows, classes, classes, slope);
    return sum / classes / classes;
  }

  @Override
  public Map<String, Double> parts() {
    return Map.of(
        "ce", ce, "instance", instance, "class", byClass, "class_correlation", correlation);
  }

  /** Finds {@link Clkd} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "clkd";
    }

    @Override
    public Optional<String> experimental() {
      return Optional.of("the third term is our reading; implementations differ in it");
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double lambda = options.number("lambda");
      double mu = options.number("mu");
      double beta = options.number("beta");
      double nu = options.number("nu");
      Divisor divisor = options.choice("divisor", Divisor.class);
      return options.build(() -> new Clkd(lambda, mu, beta, nu, divisor));
    }
  }
}
