package io.lakestill.objective.logit;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.Rule;
import io.lakestill.objective.Shapes;
import io.lakestill.objective.Tensor;
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
public final class LogitsMse implements Objective {
  private static final long serialVersionUID = 1L;

  private final double temperature;

  public LogitsMse(double temperature) {
    this.temperature = Rule.positive("temperature", temperature);
  }

  @Override
  public Requirements requires() {
    return Requirements.of("student.logits", "teacher.logits");
  }

  @Override
  public double evaluate(Batch batch, Gradients gradients) {
    Tensor student = batch.finite("student.logits");
    Tensor teacher = batch.finite("teacher.logits");
    Shapes.requireSame("student.logits", student, "teacher.logits", teacher);
    float[] gradient = gradients.of("student.logits").data();
    double factor = 1.0 / student.size() / (temperature * temperature);
    double sum = 0;
    for (int i = 0; i < student.size(); i++) {
      double difference = (double) student.data()[i] - teacher.data()[i];
      sum += difference * difference;
      gradient[i] += (float) (2 * factor * difference);
    }
    return factor * sum;
  }

  /** Finds {@link LogitsMse} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "logits-mse";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      double temperature = options.number("temperature");
      return options.build(() -> new LogitsMse(temperature));
    }
  }
}
