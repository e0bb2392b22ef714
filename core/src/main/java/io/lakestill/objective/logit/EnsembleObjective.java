package io.lakestill.objective.logit;

import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.RowwiseObjective;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
import io.lakestill.recipe.Schedule;
import java.util.List;

/**
 * The frame of objectives that distil several teachers into one target distribution.
 *
 * <p>{@code loss = (T^2/B) sum_b KL(p_b || softmax(s_b/T))}, {@code p} combined from all {@code
 * teacher.logits.<m>}. The requirement {@code teacher.logits.*} stands for every teacher of the
 * recipe.
 */
abstract class EnsembleObjective implements RowwiseObjective {
  private static final long serialVersionUID = 1L;

  private final Schedule temperature;
  private transient double[] rowLosses;
  private transient double[] target;
  private transient double[] studentLog;

  EnsembleObjective(Schedule temperature) {
    this.temperature = Rule.positive("temperature", temperature);
  }

  /** Fills {@code target} with the log-probabilities the teachers stand for in one row. */
  abstract void combine(
      List<Tensor> teachers, int offset, int classes, double temperature, double[] target);

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits", "teacher.logits.*");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    double t = temperature.at(batch.progress());
    Tensor student = batch.finite("student.logits");
    List<Tensor> teachers = batch.allFinite("teacher.logits.*");
    for (Tensor teacher : teachers) {
      Shapes.requireSame("student.logits", student, "teacher.logits.*", teacher);
    }
    int rows = student.rows();
    int classes = student.width();
    float[] gradient = gradients.of("student.logits").data();
    rowLosses = Scratch.atLeast(rowLosses, rows);
    target = Scratch.atLeast(target, classes);
    studentLog = Scratch.atLeast(studentLog, classes);
    double divergence = 0;
    for (int row = 0; row < rows; row++) {
      int offset = row * classes;
      combine(teachers, offset, classes, t, target);
      LogSoftmax.of(student.data(), offset, classes, t, studentLog);
      double ofRow = 0;
      for (int c = 0; c < classes; c++) {
        double p = Math.exp(target[c]);
        ofRow += p == 0 ? 0 : p * (target[c] - studentLog[c]);
        gradient[offset + c] += (float) (t * (Math.exp(studentLog[c]) - p) / rows);
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
}
