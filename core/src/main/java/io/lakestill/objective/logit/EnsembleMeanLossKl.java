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
public final class EnsembleMeanLossKl implements Objective {
  private static final long serialVersionUID = 1L;

  private final double alpha;
  private final double temperature;
  private double hard;
  private double soft;
  private transient double[] teacherLog;
  private transient double[] studentLog;

  public EnsembleMeanLossKl(double alpha, double temperature) {
    this.alpha = Rule.fraction("alpha", alpha);
    this.temperature = Rule.positive("temperature", temperature);
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits", "teacher.logits.*", "labels");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor student = batch.finite("student.logits");
    List<Tensor> teachers = batch.allFinite("teacher.logits.*");
    for (Tensor teacher : teachers) {
      Shapes.requireSame("student.logits", student, "teacher.logits.*", teacher);
    }
    int rows = student.rows();
    int classes = student.width();
    int[] labels = batch.labels(classes);
    float[] gradient = gradients.of("student.logits").data();
    teacherLog = Scratch.atLeast(teacherLog, classes);
    studentLog = Scratch.atLeast(studentLog, classes);
    double share = 1.0 / rows / teachers.size();
    hard = 0;
    soft = 0;
    for (int row = 0; row < rows; row++) {
      int offset = row * classes;
      LogSoftmax.of(student.data(), offset, classes, 1.0, studentLog);
      hard -= studentLog[labels[row]] / rows;
      for (int c = 0; c < classes; c++) {
        double target = c == labels[row] ? 1 : 0;
        gradient[offset + c] += (float) (alpha * (Math.exp(studentLog[c]) - target) / rows);
      }
      LogSoftmax.of(student.data(), offset, classes, temperature, studentLog);
      for (Tensor teacher : teachers) {
        LogSoftmax.of(teacher.data(), offset, classes, temperature, teacherLog);
        for (int c = 0; c < classes; c++) {
          double p = Math.exp(teacherLog[c]);
          double slope = Math.exp(studentLog[c]) - p;
          soft += temperature * temperature * share * p * (teacherLog[c] - studentLog[c]);
          gradient[offset + c] += (float) ((1 - alpha) * temperature * share * slope);
        }
      }
    }
    return alpha * hard + (1 - alpha) * soft;
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
      double temperature = options.number("temperature");
      return options.build(() -> new EnsembleMeanLossKl(alpha, temperature));
    }
  }
}
