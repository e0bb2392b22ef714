package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.intel.analytics.bigdl.dllib.optim.OptimMethod;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import io.lakestill.recipe.OptimizerSettings.Schedule;
import io.lakestill.train.LearningRate;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import scala.Tuple2;

/** The optimizers on {@code f(w) = w^4 / 4} against their formulas in double precision. */
class OptimMethodsTest {
  private static final LearningRate COSINE = new LearningRate(0.1, Schedule.COSINE, 20);
  private static final DoubleUnaryOperator GRADIENT = w -> w * w * w;

  @BeforeAll
  static void startEngine() {
    LocalSpark.cluster();
  }

  private static double run(OptimMethod<Float> method, int steps) {
    Tensor<Float> weight = Floats.tensor(new float[] {1.5f}, 1);
    for (int step = 1; step <= steps; step++) {
      method.state().update("neval", step);
      method.optimize(
          at ->
              new Tuple2<>(
                  0f,
                  Floats.tensor(
                      new float[] {(float) GRADIENT.applyAsDouble(Floats.values(at)[0])}, 1)),
          weight);
    }
    return Floats.values(weight)[0];
  }

  @Test
  void adamFollowsItsFormulaWithDecayAndSchedule() {
    double w = 1.5;
    double m = 0;
    double v = 0;
    for (int t = 1; t <= 10; t++) {
      double g = GRADIENT.applyAsDouble(w) + 0.01 * w;
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      double corrected = Math.sqrt(1 - Math.pow(0.999, t)) / (1 - Math.pow(0.9, t));
      w -= COSINE.at(t) * corrected * m / (Math.sqrt(v) + 1e-8);
    }

    assertThat(run(new ScheduledAdam(COSINE, 0.01), 10)).isCloseTo(w, within(1e-5));
  }

  @Test
  void sgdFollowsPyTorchsMomentum() {
    double w = 1.5;
    double v = 0;
    for (int t = 1; t <= 10; t++) {
      double g = GRADIENT.applyAsDouble(w) + 0.01 * w;
      v = 0.9 * v + g;
      w -= COSINE.at(t) * v;
    }

    assertThat(run(new ScheduledSgd(COSINE, 0.01, 0.9), 10)).isCloseTo(w, within(1e-5));
  }

  @Test
  void saysTheRateOfTheStep() {
    ScheduledAdam adam = new ScheduledAdam(COSINE, 0);
    ScheduledSgd sgd = new ScheduledSgd(COSINE, 0, 0);
    adam.state().update("neval", 11);
    sgd.state().update("neval", 11);

    assertThat(adam.getLearningRate()).isEqualTo(COSINE.at(11));
    assertThat(sgd.getLearningRate()).isEqualTo(COSINE.at(11));
  }
}
