package io.lakestill.objective.feature;

import io.lakestill.error.Errors;
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
import io.lakestill.recipe.Schedule;
import io.lakestill.recipe.Settings;
import java.util.Optional;

/**
 * A simple recipe for distillation: a logarithmic feature distance and the divergence of logits.
 *
 * <p>{@code loss = 2 log(sum |f_s - f_t|^exponent) + (1/B) sum_b KL(softmax(t_b/T) ||
 * softmax(s_b/T))}, the sum over all elements of the batch, and no factor {@code T^2}.
 *
 * <p>Shapes: {@code student.embedding, teacher.embedding: [batch, width]}, {@code student.logits,
 * teacher.logits: [batch, classes]}. The logarithm goes to minus infinity where the embeddings
 * coincide; exact coincidence is refused.
 *
 * <p>Source: Miles, Mikolajczyk, "Understanding the Role of the Projector in Knowledge
 * Distillation", 2024; torchdistill {@code mid_level.py}, {@code SRDLoss}.
 */
public final class Srd implements Objective {
  private static final long serialVersionUID = 1L;

  private final double exponent;
  private final Schedule temperature;
  private transient double[] teacherLog;
  private transient double[] studentLog;

  public Srd(double exponent, Schedule temperature) {
    this.exponent = Rule.positive("exponent", exponent);
    this.temperature = Rule.positive("temperature", temperature);
  }

  @Override
  public Requirements requires() {
    return Requirements.of(
        "student.embedding", "teacher.embedding", "student.logits", "teacher.logits");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor ours = batch.finite("student.embedding");
    Tensor theirs = batch.finite("teacher.embedding");
    Shapes.requireSame("student.embedding", ours, "teacher.embedding", theirs);
    double sum = 0;
    for (int i = 0; i < ours.size(); i++) {
      sum += Math.pow(Math.abs((double) ours.data()[i] - theirs.data()[i]), exponent);
    }
    if (sum == 0) {
      throw Errors.badInput(
          "srd has no value where student and teacher embeddings coincide in the whole batch;"
              + " does the student read the teacher's output?");
    }
    float[] gradient = gradients.of("student.embedding").data();
    for (int i = 0; i < ours.size(); i++) {
      double difference = (double) ours.data()[i] - theirs.data()[i];
      double power = Math.pow(Math.abs(difference), exponent - 1) * Math.signum(difference);
      gradient[i] += (float) (difference == 0 ? 0 : 2 * exponent * power / sum);
    }
    return 2 * Math.log(sum) + divergence(batch, gradients);
  }

  private double divergence(Batch batch, Gradients gradients) {
    Tensor student = batch.finite("student.logits");
    Tensor teacher = batch.finite("teacher.logits");
    Shapes.requireSame("student.logits", student, "teacher.logits", teacher);
    double now = temperature.at(batch.progress());
    int rows = student.rows();
    int classes = student.width();
    teacherLog = Scratch.atLeast(teacherLog, classes);
    studentLog = Scratch.atLeast(studentLog, classes);
    float[] gradient = gradients.of("student.logits").data();
    double sum = 0;
    for (int offset = 0; offset < student.size(); offset += classes) {
      LogSoftmax.of(teacher.data(), offset, classes, now, teacherLog);
      LogSoftmax.of(student.data(), offset, classes, now, studentLog);
      for (int c = 0; c < classes; c++) {
        double p = Math.exp(teacherLog[c]);
        sum += p * (teacherLog[c] - studentLog[c]) / rows;
        gradient[offset + c] += (float) ((Math.exp(studentLog[c]) - p) / now / rows);
      }
    }
    return sum;
  }

  /** Finds {@link Srd} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "srd";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double exponent = options.number("exponent");
      Schedule temperature = options.schedule("temperature");
      return options.build(() -> new Srd(exponent, temperature));
    }
  }
}
