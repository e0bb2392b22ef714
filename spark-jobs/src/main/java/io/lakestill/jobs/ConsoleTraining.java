package io.lakestill.jobs;

import io.lakestill.train.Epoch;
import io.lakestill.train.TrainingProgress;
import java.util.Locale;

/** Shows a person how a training goes. */
record ConsoleTraining(Console console) implements TrainingProgress {
  @Override
  public void step(Step step) {
    console.progress(
        String.format(
            Locale.ROOT,
            "  epoch %d of %d  step %,d of %,d  loss %.4f  %,.0f rows/s  %s left",
            step.epoch(),
            step.epochs(),
            step.step(),
            step.steps(),
            step.loss(),
            step.rowsPerSecond(),
            Console.shown(step.remaining())));
  }

  @Override
  public void epoch(Epoch epoch) {
    console.progress(
        String.format(
            Locale.ROOT,
            "  epoch %d done: loss %.4f, validation accuracy %.2f %%, %,.0f rows/s",
            epoch.number(),
            epoch.trainingLoss(),
            100 * epoch.validationAccuracy(),
            epoch.rowsPerSecond()));
  }
}
