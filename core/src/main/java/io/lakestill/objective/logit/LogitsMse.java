package io.lakestill.objective.logit;

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
 * Mean squared difference of the logits.
 *
 * <p>{@code loss = (1/(B C)) sum_bc ((s_bc - t_bc)/T)^2}, without a factor {@code T^2}.
 *
 * <p>Shapes: {@code student.logits, teacher.logits: [batch, classes]}.
 *
 * <p>Source: airaria/TextBrewer {@code losses.py}, {@code kd_mse_loss}.
 */
public final class LogitsMse implements RowwiseObjective {
  private static final long serialVersionUID = 1L;

  private final Schedule temperature;
  private transient double[] rowLosses;

  public LogitsMse(Schedule temperature) {
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
    float[] gradient = gradients.of("student.logits").data();
    int rows = student.rows();
    int classes = student.width();
    rowLosses = Scratch.atLeast(rowLosses, rows);
    double factor = 1.0 / classes / (t * t);
    double loss = 0;
    for (int row = 0; row < rows; row++) {
      double sum = 0;
      for (int i = row * classes; i < (row + 1) * classes; i++) {
        double difference = (double) student.data()[i] - teacher.data()[i];
        sum += difference * difference;
        gradient[i] += (float) (2 * factor * difference / rows);
      }
      rowLosses[row] = factor * sum;
      loss += rowLosses[row];
    }
    return loss / rows;
  }

  @Override
  public double[] rowLosses() {
    return rowLosses;
  }

  /** Finds {@link LogitsMse} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "logits-mse";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      Schedule temperature = options.schedule("temperature");
      return options.build(() -> new LogitsMse(temperature));
    }
  }
}
