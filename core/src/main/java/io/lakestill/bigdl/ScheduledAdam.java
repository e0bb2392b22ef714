package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.optim.Adam;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import io.lakestill.train.LearningRate;
import scala.Function1;
import scala.Tuple2;

/**
 * BigDL's Adam (Kingma and Ba, 2015; betas 0.9 and 0.999, epsilon 1e-8) with a learning rate per
 * step and an L2 penalty: the gradient becomes {@code g + weightDecay * w} before the moments see
 * it, as in PyTorch's Adam.
 */
final class ScheduledAdam extends Adam<Float> {
  private static final long serialVersionUID = 1L;

  private final LearningRate rate;
  private final double weightDecay;

  ScheduledAdam(LearningRate rate, double weightDecay) {
    super(rate.initial(), 0, 0.9, 0.999, 1e-8, Floats.tag(), Floats.numeric());
    this.rate = rate;
    this.weightDecay = weightDecay;
  }

  @Override
  public Tuple2<Tensor<Float>, Object> optimize(
      Function1<Tensor<Float>, Tuple2<Float, Tensor<Float>>> evaluate, Tensor<Float> weights) {
    learningRate_$eq(getLearningRate());
    if (weightDecay == 0) {
      return super.optimize(evaluate, weights);
    }
    return super.optimize(
        at -> {
          Tuple2<Float, Tensor<Float>> result = evaluate.apply(at);
          result._2().add((float) weightDecay, at);
          return result;
        },
        weights);
  }

  /** The rate of the step that comes next. */
  @Override
  public double getLearningRate() {
    return rate.at(state().<Integer>apply("neval"));
  }
}
