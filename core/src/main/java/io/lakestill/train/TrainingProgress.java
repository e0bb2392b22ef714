package io.lakestill.train;

import java.time.Duration;

/** Told on the driver how a training goes; must return quickly, the training waits for it. */
public interface TrainingProgress {
  /**
   * After a step.
   *
   * @param epoch counts from 1
   * @param epochs of the whole training
   * @param step counts from 1
   * @param steps of the whole training
   * @param loss weighted sum of the terms over the step's rows
   * @param learningRate of the step
   * @param rowsPerSecond over the epoch so far
   * @param remaining an estimate from the time that all steps and validations so far took
   */
  record Step(
      int epoch,
      int epochs,
      int step,
      int steps,
      double loss,
      double learningRate,
      double rowsPerSecond,
      Duration remaining) {}

  /** A step has ended. */
  void step(Step step);

  /** An epoch has ended and was validated. */
  void epoch(Epoch epoch);

  /** All rows are packed; comes before anything else. */
  default void packed(RowsHeld rows) {}

  /** The first step has ended; comes before {@link #step}. */
  default void firstStep(FirstStep report) {}

  /** Where the time went of the steps told since the last call. */
  default void phases(StepPhases phases) {}

  /** Something a person should know, said once. */
  default void notice(String message) {}

  /** Tells nobody. */
  static TrainingProgress silent() {
    return new TrainingProgress() {
      @Override
      public void step(Step step) {}

      @Override
      public void epoch(Epoch epoch) {}
    };
  }
}
