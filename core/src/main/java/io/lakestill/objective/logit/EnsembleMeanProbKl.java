package io.lakestill.objective.logit;

import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Objective;
import io.lakestill.objective.ObjectiveType;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.LogSums;
import io.lakestill.recipe.Schedule;
import io.lakestill.recipe.Settings;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Knowledge distillation from the mean of several teachers' probabilities.
 *
 * <p>{@code loss = (T^2/B) sum_b KL((1/M) sum_m softmax(t_mb/T) || softmax(s_b/T))}.
 *
 * <p>Shapes: {@code student.logits: [batch, classes]}, {@code teacher.logits.1} to {@code
 * teacher.logits.M} alike. In nats. The gradient is the mean of the gradients of {@code kd-kl} over
 * the teachers; the loss differs from their mean by a constant.
 *
 * <p>Source: the formula.
 */
public final class EnsembleMeanProbKl extends EnsembleObjective {
  private static final long serialVersionUID = 1L;

  private transient double[] one;

  public EnsembleMeanProbKl(Schedule temperature) {
    super(temperature);
  }

  @Override
  void combine(
      List<Tensor> teachers, int offset, int classes, double temperature, double[] target) {
    Arrays.fill(target, 0, classes, Double.NEGATIVE_INFINITY);
    one = Scratch.atLeast(one, classes);
    for (int i = 0; i < teachers.size(); i++) {
      Tensor teacher = teachers.get(i);
      LogSoftmax.of(teacher.data(), offset, classes, temperature, one);
      for (int c = 0; c < classes; c++) {
        target[c] = LogSums.logAdd(target[c], one[c] - Math.log(teachers.size()));
      }
    }
  }

  /** Finds {@link EnsembleMeanProbKl} by name. */
  public static final class Type implements ObjectiveType {
    @Override
    public String name() {
      return "ensemble-mean-prob-kl";
    }

    @Override
    public Optional<Objective> create(Settings options) {
      Schedule temperature = options.schedule("temperature");
      return options.build(() -> new EnsembleMeanProbKl(temperature));
    }
  }
}
