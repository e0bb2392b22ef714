package io.lakestill.objective.logit;

import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Cosine;
import io.lakestill.objective.numeric.SoftmaxGradient;
import io.lakestill.recipe.Schedule;
import io.lakestill.recipe.Settings;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/**
 * Distillation from a stronger teacher: the student keeps the teacher's correlations within a row
 * and within a class instead of its exact probabilities.
 *
 * <p>{@code loss = T^2 [ beta (1 - mean_b corr(q_b., p_b.)) + gamma (1 - mean_c corr(q_.c, p_.c))
 * ]} with {@code p = softmax(t/T)}, {@code q = softmax(s/T)} and {@code corr} Pearson's
 * correlation, the cosine of centred vectors with each norm at least {@code eps}.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [batch, classes]}. The second term sees the
 * rows of this batch; in distributed training, those of one worker's part.
 *
 * <p>A constant vector correlates 0 with everything; with a batch of one the second term is {@code
 * gamma T^2} with gradient 0.
 *
 * <p>Source: Huang, You, Wang, Qian, Xu, "Knowledge Distillation from A Stronger Teacher", 2022;
 * torchdistill {@code mid_level.py}, {@code DISTLoss}.
 */
public final class Dist implements Objective {
  private static final long serialVersionUID = 1L;

  private final double beta;
  private final double gamma;
  private final Schedule temperature;
  private final double eps;
  private double inter;
  private double intra;
  private transient double[] rowLog;
  private transient double[] p;
  private transient double[] q;
  private transient double[] byQ;
  private transient double[] teacherSide;
  private transient double[] studentSide;
  private transient double[] slope;

  public Dist(double beta, double gamma, Schedule temperature, double eps) {
    this.beta = Rule.notNegative("beta", beta);
    this.gamma = Rule.notNegative("gamma", gamma);
    this.temperature = Rule.positive("temperature", temperature);
    this.eps = Rule.positive("eps", eps);
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits", "teacher.logits");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    double t = temperature.at(batch.progress());
    Tensor student = batch.finite("student.logits");
    Tensor teacher = batch.finite("teacher.logits");
    Shapes.requireSame("student.logits", student, "teacher.logits", teacher);
    int rows = student.rows();
    int classes = student.width();
    float[] gradient = gradients.of("student.logits").data();
    int size = rows * classes;
    rowLog = Scratch.atLeast(rowLog, classes);
    p = softened(teacher, t, p);
    q = softened(student, t, q);
    byQ = Scratch.atLeast(byQ, size);
    teacherSide = Scratch.atLeast(teacherSide, Math.max(rows, classes));
    studentSide = Scratch.atLeast(studentSide, Math.max(rows, classes));
    slope = Scratch.atLeast(slope, Math.max(rows, classes));
    Arrays.fill(byQ, 0, size, 0.0);
    double squared = t * t;
    double rowMean = 0;
    for (int row = 0; row < rows; row++) {
      rowMean += correlation(row * classes, 1, classes, -squared * beta / rows) / rows;
    }
    double columnMean = 0;
    for (int c = 0; c < classes; c++) {
      columnMean += correlation(c, classes, rows, -squared * gamma / classes) / classes;
    }
    inter = squared * (1 - rowMean);
    intra = squared * (1 - columnMean);
    for (int row = 0; row < rows; row++) {
      int offset = row * classes;
      LogSoftmax.of(student.data(), offset, classes, t, rowLog);
      for (int c = 0; c < classes; c++) {
        slope[c] = byQ[offset + c] * q[offset + c];
      }
      SoftmaxGradient.add(1 / t, slope, rowLog, classes, gradient, offset);
    }
    return beta * inter + gamma * intra;
  }

  /**
   * The correlation of {@code q} and {@code p} along one row or column; adds {@code factor} times
   * its derivative to {@code byQ}.
   */
  private double correlation(int first, int stride, int n, double factor) {
    centre(p, first, stride, n, teacherSide);
    centre(q, first, stride, n, studentSide);
    Arrays.fill(slope, 0, n, 0.0);
    double correlation = Cosine.withGradient(studentSide, 0, teacherSide, 0, n, eps, factor, slope);
    double mean = 0;
    for (int i = 0; i < n; i++) {
      mean += slope[i] / n;
    }
    for (int i = 0; i < n; i++) {
      byQ[first + i * stride] += slope[i] - mean;
    }
    return correlation;
  }

  private static void centre(double[] values, int first, int stride, int n, double[] centred) {
    double mean = 0;
    for (int i = 0; i < n; i++) {
      mean += values[first + i * stride] / n;
    }
    for (int i = 0; i < n; i++) {
      centred[i] = values[first + i * stride] - mean;
    }
  }

  private double[] softened(Tensor logits, double temperature, double[] reused) {
    int classes = logits.width();
    double[] probabilities = Scratch.atLeast(reused, logits.size());
    for (int row = 0; row < logits.rows(); row++) {
      LogSoftmax.of(logits.data(), row * classes, classes, temperature, rowLog);
      for (int c = 0; c < classes; c++) {
        probabilities[row * classes + c] = Math.exp(rowLog[c]);
      }
    }
    return probabilities;
  }

  @Override
  public Map<String, Double> parts() {
    return Map.of("inter", inter, "intra", intra);
  }

  /** Finds {@link Dist} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "dist";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double beta = options.number("beta");
      double gamma = options.number("gamma");
      Schedule temperature = options.schedule("temperature");
      double eps = options.number("eps");
      return options.build(() -> new Dist(beta, gamma, temperature, eps));
    }
  }
}
