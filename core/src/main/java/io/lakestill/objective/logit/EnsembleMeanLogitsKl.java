package io.lakestill.objective.logit;

import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Tensor;
import io.lakestill.recipe.Schedule;
import io.lakestill.recipe.Settings;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Knowledge distillation from the mean of several teachers' logits.
 *
 * <p>{@code loss = (T^2/B) sum_b KL(softmax((1/M) sum_m t_mb / T) || softmax(s_b/T))}.
 *
 * <p>Shapes: {@code student.logits: [batch, classes]}, {@code teacher.logits.1} to {@code
 * teacher.logits.M} alike. In nats.
 *
 * <p>Source: the mean-logit teacher of zisci2/RethinkKD {@code trainer.py}; no reference code of
 * the loss itself.
 */
public final class EnsembleMeanLogitsKl extends EnsembleObjective {
  private static final long serialVersionUID = 1L;

  public EnsembleMeanLogitsKl(Schedule temperature) {
    super(temperature);
  }

  @Override
  void combine(
      List<Tensor> teachers, int offset, int classes, double temperature, double[] target) {
    double share = 1.0 / (teachers.size() * temperature);
    Arrays.fill(target, 0, classes, 0.0);
    for (int i = 0; i < teachers.size(); i++) {
      Tensor teacher = teachers.get(i);
      for (int c = 0; c < classes; c++) {
        target[c] += share * teacher.data()[offset + c];
      }
    }
    LogSoftmax.normalise(target, classes);
  }

  /** Finds {@link EnsembleMeanLogitsKl} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "ensemble-mean-logits-kl";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      Schedule temperature = options.schedule("temperature");
      return options.build(() -> new EnsembleMeanLogitsKl(temperature));
    }
  }
}
