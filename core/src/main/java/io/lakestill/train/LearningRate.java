package io.lakestill.train;

import io.lakestill.recipe.OptimizerSettings;
import io.lakestill.recipe.RateSchedule;
import java.io.Serializable;

/**
 * The learning rate of each step.
 *
 * @param largest the optimizer's learning rate
 * @param schedule which part of it a step has
 * @param steps the steps of the whole training
 */
public record LearningRate(double largest, RateSchedule schedule, int steps)
    implements Serializable {
  public LearningRate {
    if (!(largest > 0) || steps < 1) {
      throw new IllegalArgumentException(
          "largest and steps must be positive, are %s and %d".formatted(largest, steps));
    }
  }

  public static LearningRate of(OptimizerSettings settings, int steps) {
    return new LearningRate(settings.learningRate(), settings.schedule(), steps);
  }

  /**
   * @param step counts from 1; beyond the last step the last rate holds
   */
  public double at(int step) {
    return largest * schedule.part(step, steps);
  }
}
