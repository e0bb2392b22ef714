package io.lakestill.objective.logit;

import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.RowwiseObjective;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
import io.lakestill.recipe.Schedule;
import io.lakestill.recipe.Settings;
import java.util.Map;
import java.util.Optional;

/**
 * Knowledge distillation between standardised logits.
 *
 * <p>{@code z' = (z - mean(z)) / (eps + deviation(z))} per row, the deviation with divisor {@code C
 * - 1}; {@code soft = (1/B) sum_b KL(softmax(t'_b/T) || softmax(s'_b/T))}; {@code loss = alpha
 * CE(s, y) + beta T^2 soft}, and {@code loss = soft} when {@code alpha = 0}, without {@code T^2},
 * as in the reference.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [batch, classes]}, {@code labels: [batch]}. In
 * nats.
 *
 * <p>A teacher row without spread stands for the uniform distribution; a student row without spread
 * gets the gradient of its numerator over {@code eps}.
 *
 * <p>Source: Sun, Ren, Li, Wang, Cao, "Logit Standardization in Knowledge Distillation", 2024;
 * torchdistill {@code mid_level.py}, {@code LogitStdKDLoss}.
 */
public final class LogitStandardization implements RowwiseObjective {
  private static final long serialVersionUID = 1L;

  private final double alpha;
  private final double beta;
  private final Schedule temperature;
  private final double eps;
  private double hard;
  private double soft;
  private transient double[] rowLosses;
  private transient double[] teacherLog;
  private transient double[] studentLog;
  private transient double[] centred;

  public LogitStandardization(double alpha, double beta, Schedule temperature, double eps) {
    this.alpha = Rule.fraction("alpha", alpha);
    this.beta = Rule.notNegative("beta", beta);
    this.temperature = Rule.positive("temperature", temperature);
    this.eps = Rule.positive("eps", eps);
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits", "teacher.logits", "labels");
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
    int[] labels = batch.labels(classes);
    rowLosses = Scratch.atLeast(rowLosses, rows);
    teacherLog = Scratch.atLeast(teacherLog, classes);
    studentLog = Scratch.atLeast(studentLog, classes);
    centred = Scratch.atLeast(centred, classes);
    double softFactor = alpha == 0 ? 1 : beta * t * t;
    hard = 0;
    soft = 0;
    for (int row = 0; row < rows; row++) {
      int offset = row * classes;
      LogSoftmax.of(student.data(), offset, classes, 1.0, studentLog);
      double ofLabel = -studentLog[labels[row]];
      double ofTeacher = 0;
      hard += ofLabel / rows;
      for (int c = 0; c < classes; c++) {
        double target = c == labels[row] ? 1 : 0;
        gradient[offset + c] += (float) (alpha * (Math.exp(studentLog[c]) - target) / rows);
      }
      standardise(teacher.data(), offset, classes, t, teacherLog);
      LogSoftmax.normalise(teacherLog, classes);
      double deviation = standardise(student.data(), offset, classes, t, studentLog);
      LogSoftmax.normalise(studentLog, classes);
      double mean = 0;
      double along = 0;
      for (int c = 0; c < classes; c++) {
        double p = Math.exp(teacherLog[c]);
        ofTeacher += p * (teacherLog[c] - studentLog[c]);
        teacherLog[c] = softFactor * (Math.exp(studentLog[c]) - p) / t / rows;
        mean += teacherLog[c] / classes;
        along += teacherLog[c] * centred[c];
      }
      soft += ofTeacher / rows;
      rowLosses[row] = alpha * ofLabel + softFactor * ofTeacher;
      double stretch = eps + deviation;
      double bend = deviation > 0 ? along / ((classes - 1) * deviation * stretch) : 0;
      for (int c = 0; c < classes; c++) {
        gradient[offset + c] += (float) ((teacherLog[c] - mean - bend * centred[c]) / stretch);
      }
    }
    return alpha == 0 ? soft : alpha * hard + softFactor * soft;
  }

  /** Fills {@code out} with the standardised row over T and leaves the centred row in scratch. */
  private double standardise(
      float[] logits, int offset, int classes, double temperature, double[] out) {
    double mean = 0;
    for (int c = 0; c < classes; c++) {
      mean += (double) logits[offset + c] / classes;
    }
    double squares = 0;
    for (int c = 0; c < classes; c++) {
      centred[c] = logits[offset + c] - mean;
      squares += centred[c] * centred[c];
    }
    double deviation = Math.sqrt(squares / (classes - 1));
    for (int c = 0; c < classes; c++) {
      out[c] = centred[c] / (eps + deviation) / temperature;
    }
    return deviation;
  }

  @Override
  public double[] rowLosses() {
    return rowLosses;
  }

  @Override
  public Map<String, Double> parts() {
    return Map.of("hard", hard, "soft_without_t2", soft);
  }

  /** Finds {@link LogitStandardization} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "logit-standardization";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double alpha = options.number("alpha");
      double beta = options.has("beta") ? options.number("beta") : 1 - alpha;
      Schedule temperature = options.schedule("temperature");
      double eps = options.number("eps");
      return options.build(() -> new LogitStandardization(alpha, beta, temperature, eps));
    }
  }
}
