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
import io.lakestill.objective.numeric.LogSums;
import io.lakestill.objective.numeric.SoftmaxGradient;
import io.lakestill.recipe.Schedule;
import io.lakestill.recipe.Settings;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/**
 * Normalised knowledge distillation: a soft target for the label's class, and the other classes
 * normalised among themselves.
 *
 * <p>{@code loss = (1/B) sum_b -p_y log q_y + gamma (T^2/B) sum_b sum_{c != y} -p^_c log q^_c},
 * with {@code p = softmax(t)}, {@code q = softmax(s)} at temperature 1, and {@code p^, q^} the
 * softmax at T over all classes but the label's.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [batch, classes]}, {@code labels: [batch]}. In
 * nats. The teacher's entropy is not subtracted, so the loss is not 0 when both sides agree.
 *
 * <p>Source: Yang et al., "From Knowledge Distillation to Self-Knowledge Distillation", 2023;
 * yzd-v/cls_KD {@code nkd.py} at its head, which leaves the label's class out (older snapshots do
 * not).
 */
public final class Nkd implements RowwiseObjective {
  private static final long serialVersionUID = 1L;

  private final double gamma;
  private final Schedule temperature;
  private double target;
  private double nonTarget;
  private transient double[] rowLosses;
  private transient double[] teacherLog;
  private transient double[] studentLog;
  private transient double[] slope;

  public Nkd(double gamma, Schedule temperature) {
    this.gamma = Rule.notNegative("gamma", gamma);
    this.temperature = Rule.positive("temperature", temperature);
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
    slope = Scratch.atLeast(slope, classes);
    target = 0;
    nonTarget = 0;
    for (int row = 0; row < rows; row++) {
      int offset = row * classes;
      int label = labels[row];
      LogSoftmax.of(teacher.data(), offset, classes, 1.0, teacherLog);
      LogSoftmax.of(student.data(), offset, classes, 1.0, studentLog);
      double p = Math.exp(teacherLog[label]);
      rowLosses[row] = -p * studentLog[label];
      target += rowLosses[row] / rows;
      Arrays.fill(slope, 0, classes, 0.0);
      slope[label] = -p;
      SoftmaxGradient.add(1.0 / rows, slope, studentLog, classes, gradient, offset);
      LogSoftmax.of(teacher.data(), offset, classes, t, teacherLog);
      LogSoftmax.of(student.data(), offset, classes, t, studentLog);
      double ofOthers = others(label, classes, gamma * t * t / rows);
      nonTarget += ofOthers;
      rowLosses[row] += rows * ofOthers;
      SoftmaxGradient.add(1 / t, slope, studentLog, classes, gradient, offset);
    }
    return target + nonTarget;
  }

  /** Fills {@code slope} and gives what the other classes add to the loss. */
  private double others(int label, int classes, double scale) {
    double teacherRest = LogSums.logSumWithout(label, teacherLog, classes);
    double studentRest = LogSums.logSumWithout(label, studentLog, classes);
    double sum = 0;
    slope[label] = 0;
    for (int c = 0; c < classes; c++) {
      if (c != label) {
        double p = Math.exp(teacherLog[c] - teacherRest);
        double studentAmongRest = studentLog[c] - studentRest;
        sum -= scale * p * studentAmongRest;
        slope[c] = scale * (Math.exp(studentAmongRest) - p);
      }
    }
    return sum;
  }

  @Override
  public double[] rowLosses() {
    return rowLosses;
  }

  @Override
  public Map<String, Double> parts() {
    return Map.of("target", target, "non_target", nonTarget);
  }

  /** Finds {@link Nkd} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "nkd";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double gamma = options.number("gamma");
      Schedule temperature = options.schedule("temperature");
      return options.build(() -> new Nkd(gamma, temperature));
    }
  }
}
