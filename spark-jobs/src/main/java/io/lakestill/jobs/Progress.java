package io.lakestill.jobs;

import java.time.Duration;
import java.util.Locale;

/**
 * How far a stage is.
 *
 * @param stage what is being done
 * @param done rows done
 * @param total rows in all
 * @param elapsedSeconds since the stage began
 */
public record Progress(String stage, long done, long total, double elapsedSeconds) {

  /** Rows per second since the stage began. */
  public double rowsPerSecond() {
    return elapsedSeconds > 0 ? done / elapsedSeconds : 0;
  }

  /** A line for a person, with the time left at the pace so far. */
  @Override
  public String toString() {
    String line =
        String.format(
            Locale.ROOT,
            "%s  %,d of %,d rows (%d %%)  %,.0f rows/s",
            stage,
            done,
            total,
            total == 0 ? 100 : 100 * done / total,
            rowsPerSecond());
    if (done == 0 || done >= total) {
      return line;
    }
    long left = Math.round((total - done) / rowsPerSecond());
    return line + "  " + Console.shown(Duration.ofSeconds(left)) + " left";
  }
}
