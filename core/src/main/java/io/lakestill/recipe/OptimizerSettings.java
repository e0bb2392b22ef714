package io.lakestill.recipe;

import java.io.Serializable;
import java.util.Optional;

/**
 * The optimizer of a training.
 *
 * @param type which optimizer
 * @param learningRate the step size at the start
 * @param weightDecay how strongly weights are pulled towards zero; biases and normalisations are
 *     not
 * @param momentum momentum of sgd and nesterov; ignored by the others
 * @param schedule how the learning rate goes over the training
 */
public record OptimizerSettings(
    Type type, double learningRate, double weightDecay, double momentum, RateSchedule schedule)
    implements Serializable {
  /** The optimizers. */
  public enum Type {
    /** Kingma and Ba, 2015; decay is part of the gradient. */
    ADAM,
    /** Loshchilov and Hutter, 2019; decay is beside the step. */
    ADAMW,
    /** Gradient descent with classic momentum. */
    SGD,
    /** Gradient descent with Nesterov's momentum. */
    NESTEROV,
    /** You et al., 2020, for large batches. */
    LAMB
  }

  public OptimizerSettings {
    if (learningRate <= 0) {
      throw new IllegalArgumentException("learning-rate must be above 0, is " + learningRate);
    }
    if (weightDecay < 0) {
      throw new IllegalArgumentException("weight-decay must not be negative, is " + weightDecay);
    }
    if (momentum < 0 || momentum >= 1) {
      throw new IllegalArgumentException("momentum must be in [0, 1), is " + momentum);
    }
  }

  static Optional<OptimizerSettings> read(Settings settings) {
    Type type = settings.choice("type", Type.class);
    double learningRate = settings.number("learning-rate");
    double weightDecay = settings.number("weight-decay");
    double momentum = settings.number("momentum");
    Optional<? extends RateSchedule> schedule = RateSchedule.read(settings);
    return settings.build(
        () ->
            new OptimizerSettings(
                type, learningRate, weightDecay, momentum, schedule.orElseThrow()));
  }
}
