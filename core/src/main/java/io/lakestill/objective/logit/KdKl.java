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
import java.util.Optional;

/**
 * Knowledge distillation by the divergence of softened distributions.
 *
 * <p>{@code loss = T^2 (1/B) sum_b sum_c p_bc (log p_bc - log q_bc)} with {@code p = softmax(t/T)}
 * and {@code q = softmax(s/T)}; {@code d loss / d s = (T/B) (q - p)}.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [batch, classes]}. In nats.
 *
 * <p>Finite for logits of any finite size; {@code 0 log 0 = 0}.
 *
 * <p>Source: Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015; the mean
 * over the batch as in megvii-research/mdistiller {@code KD.py}.
 */
public final class KdKl implements RowwiseObjective {
  private static final long serialVersionUID = 1L;

  private final Schedule temperature;
  private transient double[] rowLosses;
  private transient double[] teacherLog;
  private transient double[] studentLog;

  /**
   * @param temperature what both sides' logits are divided by, above 0
   */
  public KdKl(double temperature) {
    this(Schedule.of(temperature));
  }

  /**
   * @param temperature what both sides' logits are divided by, above 0 at all times
   */
  public KdKl(Schedule temperature) {
    this.temperature = Rule.positive("temperature", temperature);
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
    rowLosses = Scratch.atLeast(rowLosses, rows);
    teacherLog = Scratch.atLeast(teacherLog, classes);
    studentLog = Scratch.atLeast(studentLog, classes);
    double divergence = 0;
    for (int row = 0; row < rows; row++) {
      int offset = row * classes;
      LogSoftmax.of(teacher.data(), offset, classes, t, teacherLog);
      LogSoftmax.of(student.data(), offset, classes, t, studentLog);
      double ofRow = 0;
      for (int c = 0; c < classes; c++) {
        double p = Math.exp(teacherLog[c]);
        double q = Math.exp(studentLog[c]);
        ofRow += p * (teacherLog[c] - studentLog[c]);
        gradient[offset + c] += (float) (t * (q - p) / rows);
      }
      divergence += ofRow;
      rowLosses[row] = t * t * ofRow;
    }
    return t * t * divergence / rows;
  }

  @Override
  public double[] rowLosses() {
    return rowLosses;
  }

  /** Finds {@link KdKl} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "kd-kl";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      Schedule temperature = options.schedule("temperature");
      return options.build(() -> new KdKl(temperature));
    }
  }
}
