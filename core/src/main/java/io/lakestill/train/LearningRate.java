package io.lakestill.train;

import io.lakestill.recipe.OptimizerSettings;
import io.lakestill.recipe.OptimizerSettings.Schedule;
import java.io.Serializable;

/**
 * The learning rate of each step.
 *
 * <p>Constant: {@code initial}. Cosine: {@code initial * (1 + cos(pi * (step - 1) / steps)) / 2},
 * which starts at {@code initial} and would reach zero one step after the last (Loshchilov and
 * Hutter, SGDR, 2017, equation 5, without restarts).
 *
 * @param initial the rate of the first step
 * @param schedule how it goes on
 * @param steps the steps of the whole training
 */
public record LearningRate(double initial, Schedule schedule, int steps) implements Serializable {
  public LearningRate {
    if (!(initial > 0) || steps < 1) {
      throw new IllegalArgumentException(
          "initial and steps must be positive, are %s and %d".formatted(initial, steps));
    }
  }

  public static LearningRate of(OptimizerSettings settings, int steps) {
    return new LearningRate(settings.learningRate(), settings.schedule(), steps);
  }

  /**
   * @param step counts from 1; beyond the last step the last rate holds
   */
  public double at(int step) {
    return switch (schedule) {
      case CONSTANT -> initial;
      case COSINE -> {
        double done = (Math.min(Math.max(step, 1), steps) - 1.0) / steps;
        yield initial * (1 + Math.cos(Math.PI * done)) / 2;
      }
    };
  }
}
