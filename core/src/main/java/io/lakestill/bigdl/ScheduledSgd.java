package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.optim.SGD;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import io.lakestill.train.LearningRate;
import scala.Function1;
import scala.Tuple2;

/**
 * BigDL's SGD with a learning rate per step. Momentum is PyTorch's, {@code v = momentum * v + g},
 * not the dampened one that is BigDL's default; weight decay is added to the gradient.
 */
final class ScheduledSgd extends SGD<Float> {
  private static final long serialVersionUID = 1L;

  private final LearningRate rate;

  ScheduledSgd(LearningRate rate, double weightDecay, double momentum) {
    super(
        rate.initial(),
        0,
        weightDecay,
        momentum,
        0,
        false,
        new SGD.Default(),
        null,
        null,
        Floats.tag(),
        Floats.numeric());
    this.rate = rate;
  }

  @Override
  public Tuple2<Tensor<Float>, Object> optimize(
      Function1<Tensor<Float>, Tuple2<Float, Tensor<Float>>> evaluate, Tensor<Float> weights) {
    learningRate_$eq(getLearningRate());
    return super.optimize(evaluate, weights);
  }

  /** The rate of the step that comes next. */
  @Override
  public double getLearningRate() {
    return rate.at(state().<Integer>apply("neval"));
  }
}
