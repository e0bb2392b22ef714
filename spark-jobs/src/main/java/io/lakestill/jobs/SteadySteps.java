package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.train.Epoch;
import io.lakestill.train.RowsHeld;
import io.lakestill.train.StepPhases;
import io.lakestill.train.TrainingProgress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Adds up the steps of a training that come after its first epoch, when everything is compiled. */
final class SteadySteps implements TrainingProgress {
  private static final Path STATUS = Path.of("/proc/self/status");

  private final int batch;
  private final Console console;
  private boolean warm;
  private int steps;
  private double seconds;
  private StepPhases phases = StepPhases.NONE;
  private RowsHeld rows = new RowsHeld(0, 0, 0);

  SteadySteps(int batch, Console console) {
    this.batch = batch;
    this.console = console;
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
        .put("peak_memory_bytes", peakMemory())
        .put("rows_in_memory_bytes", rows.heapBytes())
        .put("rows_on_disk_bytes", rows.diskBytes());
  }

  /** What this process held at most, native buffers included; the heap's limit where unknown. */
  private static long peakMemory() {
    if (!Files.exists(STATUS)) {
      return Runtime.getRuntime().maxMemory();
    }
    try (var lines = Files.lines(STATUS)) {
      return lines
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("[^0-9]", "")))
          .findFirst()
          .orElse(Runtime.getRuntime().maxMemory());
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + STATUS, e);
    }
  }
}
