package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.train.Epoch;
import io.lakestill.train.RowsHeld;
import io.lakestill.train.StepPhases;
import io.lakestill.train.TrainingProgress;
import java.util.Locale;

/** Adds up the steps of a training that come after its first epoch, when everything is compiled. */
final class SteadySteps implements TrainingProgress {
  private final int batch;
  private final Console console;
  private final MemoryPeak memory;
  private boolean warm;
  private int steps;
  private double seconds;
  private StepPhases phases = StepPhases.NONE;
  private RowsHeld rows = new RowsHeld(0, 0, 0);

  SteadySteps(int batch, Console console, MemoryPeak memory) {
    this.batch = batch;
    this.console = console;
    this.memory = memory;
  }

  @Override
  public void packed(RowsHeld held) {
    rows = held;
  }

  @Override
  public void step(Step step) {
    warm = step.epoch() > 1;
    if (warm) {
      steps++;
      seconds += batch / step.rowsPerSecond();
    }
  }

  @Override
  public void phases(StepPhases told) {
    if (warm) {
      phases = phases.plus(told);
    }
  }

  @Override
  public void epoch(Epoch epoch) {
    memory.look(); // Between two segments, when nobody computes.
    console.line(
        String.format(
            Locale.ROOT,
            "  epoch %d%s",
            epoch.number(),
            steps == 0 ? " (warm-up)" : String.format(Locale.ROOT, "  %,.0f rows/s", rate())));
  }

  private double rate() {
    return (double) steps * batch / seconds;
  }

  /** Adds what was measured. Phases are those of the first core of the first node. */
  void into(ObjectNode summary) {
    summary.put("samples_per_second", rate()).put("steps", steps);
    summary
        .putObject("seconds_per_iteration")
        .put("total", seconds / steps)
        .put("data", phases.data() / 1e9 / steps)
        .put("model", phases.model() / 1e9 / steps)
        .put("loss", phases.loss() / 1e9 / steps)
        .put("exchange", phases.exchange() / 1e9 / steps)
        .put("update", phases.update() / 1e9 / steps);
    summary
        .put("rows_in_memory_bytes", rows.heapBytes())
        .put("rows_on_disk_bytes", rows.diskBytes());
  }
}
