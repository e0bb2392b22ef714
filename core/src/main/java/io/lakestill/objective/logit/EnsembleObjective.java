package io.lakestill.objective.logit;

import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
import java.util.List;

/**
 * The frame of objectives that distil several teachers into one target distribution.
 *
 * <p>{@code loss = (T^2/B) sum_b KL(p_b || softmax(s_b/T))}, {@code p} combined from all {@code
 * teacher.logits.<m>}. The requirement {@code teacher.logits.*} stands for every teacher of the
 * recipe.
 */
abstract class EnsembleObjective implements Objective {
  private static final long serialVersionUID = 1L;

  final double temperature;
  private transient double[] target;
  private transient double[] studentLog;

  EnsembleObjective(double temperature) {
    this.temperature = Rule.positive("temperature", temperature);
  }

  /** Fills {@code target} with the log-probabilities the teachers stand for in one row. */
  abstract void combine(List<Tensor> teachers, int offset, int classes, double[] target);

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits", "teacher.logits.*");
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
    float[] gradient = gradients.of("student.logits").data();
    target = Scratch.atLeast(target, classes);
    studentLog = Scratch.atLeast(studentLog, classes);
    double divergence = 0;
    for (int row = 0; row < rows; row++) {
      int offset = row * classes;
      combine(teachers, offset, classes, target);
      LogSoftmax.of(student.data(), offset, classes, temperature, studentLog);
      for (int c = 0; c < classes; c++) {
        double p = Math.exp(target[c]);
        divergence += p == 0 ? 0 : p * (target[c] - studentLog[c]);
        gradient[offset + c] += (float) (temperature * (Math.exp(studentLog[c]) - p) / rows);
      }
    }
    return temperature * temperature * divergence / rows;
  }
}
