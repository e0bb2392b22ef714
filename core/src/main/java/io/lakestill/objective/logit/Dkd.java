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
import java.util.Map;
import java.util.Optional;

/**
 * Decoupled knowledge distillation: the target class and the others taught apart.
 *
 * <p>{@code loss = alpha TCKD + beta NCKD}, with {@code p = softmax(t/T)}, {@code q =
 * softmax(s/T)}, {@code TCKD = (T^2/B) sum_b KL([p_y, 1 - p_y] || [q_y, 1 - q_y])} and {@code NCKD
 * = (T^2/B) sum_b KL(p^ || q^)}, where {@code p^} and {@code q^} are the softmax over all classes
 * but the label's.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [batch, classes]}, {@code labels: [batch]}. In
 * nats.
 *
 * <p>The official code leaves the label's class out by adding -1000 to its logit; here it is left
 * out exactly, which is the same as long as the logits' range over T stays far below 1000. With two
 * classes NCKD is 0. The paper's warm-up is a schedule of the term's weight.
 *
 * <p>Source: Zhao, Cui, Song, Qiu, Liang, "Decoupled Knowledge Distillation", 2022;
 * megvii-research/mdistiller {@code DKD.py}, {@code dkd_loss}.
 */
public final class Dkd implements RowwiseObjective {
  private static final long serialVersionUID = 1L;

  private final double alpha;
  private final double beta;
  private final Schedule temperature;
  private double tckd;
  private double nckd;
  private transient double[] rowLosses;
  private transient double[] teacherLog;
  private transient double[] studentLog;
  private transient double[] slope;

  public Dkd(double alpha, double beta, Schedule temperature) {
    this.alpha = Rule.notNegative("alpha", alpha);
    this.beta = Rule.notNegative("beta", beta);
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
    double scale = t * t / rows;
    tckd = 0;
    nckd = 0;
    for (int row = 0; row < rows; row++) {
      int offset = row * classes;
      LogSoftmax.of(teacher.data(), offset, classes, t, teacherLog);
      LogSoftmax.of(student.data(), offset, classes, t, studentLog);
      rowLosses[row] = rows * addRow(labels[row], classes, scale);
      SoftmaxGradient.add(scale / t, slope, studentLog, classes, gradient, offset);
    }
    return alpha * tckd + beta * nckd;
  }

  /** Adds to both parts and gives what the row adds to the loss. */
  private double addRow(int label, int classes, double scale) {
    double teacherRest = LogSums.logSumWithout(label, teacherLog, classes);
    double studentRest = LogSums.logSumWithout(label, studentLog, classes);
    double target = Math.exp(teacherLog[label]);
    double rest = Math.exp(teacherRest);
    double ofTarget =
        scale
            * (target * (teacherLog[label] - studentLog[label])
                + rest * (teacherRest - studentRest));
    double ofOthers = 0;
    slope[label] = -alpha * target;
    for (int c = 0; c < classes; c++) {
      if (c == label) {
        continue;
      }
      double teacherAmongRest = teacherLog[c] - teacherRest;
      double studentAmongRest = studentLog[c] - studentRest;
      double p = Math.exp(teacherAmongRest);
      double q = Math.exp(studentAmongRest);
      ofOthers += scale * p * (teacherAmongRest - studentAmongRest);
      slope[c] = -alpha * rest * q + beta * (q - p);
    }
    tckd += ofTarget;
    nckd += ofOthers;
    return alpha * ofTarget + beta * ofOthers;
  }

  @Override
  public double[] rowLosses() {
    return rowLosses;
  }

  @Override
  public Map<String, Double> parts() {
    return Map.of("tckd", tckd, "nckd", nckd);
  }

  /** Finds {@link Dkd} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "dkd";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double alpha = options.number("alpha");
      double beta = options.number("beta");
      Schedule temperature = options.schedule("temperature");
      return options.build(() -> new Dkd(alpha, beta, temperature));
    }
  }
}
