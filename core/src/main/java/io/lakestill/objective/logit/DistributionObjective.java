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
import io.lakestill.objective.numeric.SoftmaxGradient;
import io.lakestill.recipe.Schedule;

/**
 * The frame of objectives that are a mean over rows of a divergence between the softened
 * distributions of teacher and student: reads both sides, softens them, applies the chain rule.
 *
 * <p>Rows whose {@code mask} is 0 are left out of sum and mean, when the batch has a mask; a batch
 * without any row left has loss 0.
 */
abstract class DistributionObjective implements RowwiseObjective {
  private static final long serialVersionUID = 1L;

  private final Schedule temperature;
  private transient double[] rowLosses;
  private transient double[] teacherLog;
  private transient double[] studentLog;
  private transient double[] slope;

  DistributionObjective(Schedule temperature) {
    this.temperature = Rule.positive("temperature", temperature);
  }

  /**
   * The divergence of one row; fills {@code slope[c]} with its derivative by {@code studentLog[c]}.
   */
  abstract double divergence(double[] teacherLog, double[] studentLog, int classes, double[] slope);

  /** What the temperature multiplies the loss by, such as its square. */
  double softening(double temperature) {
    return 1;
  }

  /** What the sum over rows is multiplied by. */
  double factor(int rows, int classes) {
    return 1.0 / rows;
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
    int classes = student.width();
    teacherLog = Scratch.atLeast(teacherLog, classes);
    studentLog = Scratch.atLeast(studentLog, classes);
    slope = Scratch.atLeast(slope, classes);
    rowLosses = Scratch.atLeast(rowLosses, student.rows());
    int counted = batch.unmaskedRows();
    if (counted == 0) {
      return 0;
    }
    double factor = softening(t) * factor(counted, classes);
    float[] gradient = gradients.of("student.logits").data();
    double sum = 0;
    for (int row = 0; row < student.rows(); row++) {
      if (batch.masked(row)) {
        continue;
      }
      int offset = row * classes;
      LogSoftmax.of(teacher.data(), offset, classes, t, teacherLog);
      LogSoftmax.of(student.data(), offset, classes, t, studentLog);
      double divergence = divergence(teacherLog, studentLog, classes, slope);
      sum += divergence;
      rowLosses[row] = factor * counted * divergence;
      SoftmaxGradient.add(factor / t, slope, studentLog, classes, gradient, offset);
    }
    return factor * sum;
  }

  @Override
  public double[] rowLosses() {
    return rowLosses;
  }

  @Override
  public boolean counts(Batch batch, int row) {
    return !batch.masked(row);
  }
}
