package io.lakestill.jobs;

import io.lakestill.error.Errors;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.Path;

/**
 * How many rows of a slice a teacher may say nothing about.
 *
 * @param part of the rows
 * @param rows of the whole slice
 */
record QuarantineBudget(double part, long rows) {
  private static final int SHOWN = 5;

  long limit() {
    return (long) (part * rows);
  }

  /**
   * @param folder where the rows and reasons are
   * @throws io.lakestill.error.LakestillException (exit 3) when there are more, with five of them
   */
  void check(List<TeachOutcome> outcomes, Optional<String> date, Path folder) {
    long quarantined =
        outcomes.stream().flatMap(o -> o.quarantine().stream()).mapToLong(f -> f.rows()).sum();
    if (quarantined <= limit()) {
      return;
    }
    boolean gaveUp = outcomes.stream().anyMatch(TeachOutcome::gaveUp);
    List<String> examples =
        outcomes.stream()
            .map(TeachOutcome::examples)
            .flatMap(Collection::stream)
            .limit(SHOWN)
            .toList();
    throw Errors.badInput(
        ("Teach put %s%d of %d rows%s into quarantine, signals.quarantine-budget = %s allows %d;"
                + " such as %s. The rows and reasons are in '%s'. The signal table is as it was;"
                + " correct the rows or the teacher, or raise the budget.")
            .formatted(
                gaveUp ? "at least " : "",
                quarantined,
                rows,
                date.map(day -> " of " + day).orElse(""),
                part,
                limit(),
                String.join("; ", examples),
                folder));
  }
}
