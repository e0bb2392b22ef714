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
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The mean over several teachers of each one's distillation loss.
 *
 * <p>{@code loss = (1/M) sum_m [ alpha CE(s, y) + (1 - alpha) (T^2/B) sum_b KL(softmax(t_mb/T) ||
 * softmax(s_b/T)) ]}: {@code alpha} weighs the labels.
 *
 * <p>Shapes: {@code student.logits: [batch, classes]}, {@code teacher.logits.1} to {@code
 * teacher.logits.M} alike, {@code labels: [batch]}. In nats.
 *
 * <p>Source: zisci2/RethinkKD {@code trainer.py}; its arguments default to T = 10 and alpha = 0.2,
 * its scripts use T = 3 and alpha = 0.6.
 */
public final class EnsembleMeanLossKl implements RowwiseObjective {
  private static final long serialVersionUID = 1L;

  private final double alpha;
  private final Schedule temperature;
  private double hard;
  private double soft;
  private transient double[] rowLosses;
  private transient double[] teacherLog;
  private transient double[] studentLog;

  public EnsembleMeanLossKl(double alpha, Schedule temperature) {
    this.alpha = Rule.fraction("alpha", alpha);
    this.temperature = Rule.positive("temperature", temperature);
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits", "teacher.logits.*", "labels");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    double t = temperature.at(batch.progress());
    Tensor student = batch.finite("student.logits");
    List<Tensor> teachers = batch.allFinite("teacher.logits.*");
    for (int i = 0; i < teachers.size(); i++) {
      Tensor teacher = teachers.get(i);
      Shapes.requireSame("student.logits", student, "teacher.logits.*", teacher);
    }
    int rows = student.rows();
    int classes = student.width();
    int[] labels = batch.labels(classes);
    float[] gradient = gradients.of("student.logits").data();
    rowLosses = Scratch.atLeast(rowLosses, rows);
    teacherLog = Scratch.atLeast(teacherLog, classes);
    studentLog = Scratch.atLeast(studentLog, classes);
    double share = 1.0 / rows / teachers.size();
    hard = 0;
    soft = 0;
    for (int row = 0; row < rows; row++) {
      int offset = row * classes;
      LogSoftmax.of(student.data(), offset, classes, 1.0, studentLog);
      double ofLabel = -studentLog[labels[row]];
      double ofTeachers = 0;
      hard += ofLabel / rows;
      for (int c = 0; c < classes; c++) {
        double target = c == labels[row] ? 1 : 0;
        gradient[offset + c] += (float) (alpha * (Math.exp(studentLog[c]) - target) / rows);
      }
      LogSoftmax.of(student.data(), offset, classes, t, studentLog);
      for (int i = 0; i < teachers.size(); i++) {
        Tensor teacher = teachers.get(i);
        LogSoftmax.of(teacher.data(), offset, classes, t, teacherLog);
        for (int c = 0; c < classes; c++) {
          double p = Math.exp(teacherLog[c]);
          double slope = Math.exp(studentLog[c]) - p;
          ofTeachers += t * t * share * p * (teacherLog[c] - studentLog[c]);
          gradient[offset + c] += (float) ((1 - alpha) * t * share * slope);
        }
      }
      soft += ofTeachers;
      rowLosses[row] = alpha * ofLabel + (1 - alpha) * rows * ofTeachers;
    }
    return alpha * hard + (1 - alpha) * soft;
  }

  @Override
  public double[] rowLosses() {
    return rowLosses;
  }

  @Override
  public Map<String, Double> parts() {
    return Map.of("hard", hard, "soft_with_t2", soft);
  }

  /** Finds {@link EnsembleMeanLossKl} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "ensemble-mean-loss-kl";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double alpha = options.number("alpha");
      Schedule temperature = options.schedule("temperature");
      return options.build(() -> new EnsembleMeanLossKl(alpha, temperature));
    }
  }
}
