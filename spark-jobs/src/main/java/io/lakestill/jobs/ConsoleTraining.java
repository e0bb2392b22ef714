package io.lakestill.jobs;

import io.lakestill.train.Epoch;
import io.lakestill.train.FirstStep;
import io.lakestill.train.RowsHeld;
import io.lakestill.train.TermReport;
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

  /** Nothing to say of rows that are all in memory. */
  @Override
  public void packed(RowsHeld rows) {
    if (rows.diskBytes() > 0) {
      console.line(
          String.format(
              Locale.ROOT,
              "  %,d rows: %,d MiB of them in memory (train.memory), %,d MiB on local disks",
              rows.rows(),
              rows.heapBytes() >> 20,
              rows.diskBytes() >> 20));
    }
  }

  /** One line per term, and one more when a weight looks wrong. */
  @Override
  public void firstStep(FirstStep report) {
    for (TermReport term : report.terms()) {
      if (term.weight() == 0) {
        console.line("  step 1  " + term.name() + "  off (weight 0)");
        continue;
      }
      console.line(
          String.format(
              Locale.ROOT,
              "  step 1  %s  weight %.4g  loss %.4f  weighted gradient norm %.4g",
              term.name(),
              term.weight(),
              term.loss(),
              term.gradientNorm()));
    }
    report.imbalance().ifPresent(this::notice);
  }

  @Override
  public void notice(String message) {
    console.line("  " + message);
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
