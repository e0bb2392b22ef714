package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.io.Sha256;
import io.lakestill.recipe.DataSettings;
import io.lakestill.signal.Slice;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Which dates of a table to teach.
 *
 * @param dates some by name; none when there is a range, or all are meant
 * @param from the first date of a range, in the order of the texts
 * @param to the last date of a range
 * @param emptied whether dates may lose all their signals since they have no examples any more
 */
record DateSelection(
    List<String> dates, Optional<String> from, Optional<String> to, boolean emptied) {
  private static final int HASH = 8;

  /** Every date the tables have. */
  static final DateSelection ALL = new DateSelection(List.of(), Optional.empty(), Optional.empty());

  /** Those that no date loses all its signals by. */
  DateSelection(List<String> dates, Optional<String> from, Optional<String> to) {
    this(dates, from, to, false);
  }

  /**
   * @throws io.lakestill.error.LakestillException (exit 2) when one cannot be a date, or dates and
   *     a range are both given
   */
  DateSelection {
    dates = List.copyOf(new TreeSet<>(dates));
    dates.forEach(date -> requireDate("--dt", date));
    from.ifPresent(date -> requireDate("--from", date));
    to.ifPresent(date -> requireDate("--to", date));
    if (!dates.isEmpty() && (from.isPresent() || to.isPresent())) {
      throw Errors.badRecipe("Give --dt, or a range by --from and --to, not both.");
    }
    if (from.isPresent() && to.isPresent() && from.get().compareTo(to.get()) > 0) {
      throw Errors.badRecipe("--from %s is after --to %s.".formatted(from.get(), to.get()));
    }
  }

  private static void requireDate(String option, String date) {
    if (!Slice.isDate(date)) {
      throw Errors.badRecipe(
          "%s is '%s'; a date has letters, digits, '_', '-' and '.' only, as in 2026-11-03."
              .formatted(option, date));
    }
  }

  boolean isAll() {
    return dates.isEmpty() && from.isEmpty() && to.isEmpty();
  }

  /**
   * @throws io.lakestill.error.LakestillException (exit 2) when dates are asked of a recipe that
   *     has none
   */
  void requireFor(DataSettings data) {
    if (!isAll() && data.date().isEmpty()) {
      throw Errors.badRecipe(
          "The recipe names no date column, so its table has no dates to choose from; set"
              + " data.date, or teach without --dt, --from and --to.");
    }
  }

  /**
   * The dates it means, in order.
   *
   * @param known dates that a range chooses from
   */
  List<String> of(Collection<String> known) {
    if (!dates.isEmpty()) {
      return dates;
    }
    return new TreeSet<>(known)
        .stream()
            .filter(date -> from.isEmpty() || from.get().compareTo(date) <= 0)
            .filter(date -> to.isEmpty() || to.get().compareTo(date) >= 0)
            .toList();
  }

  /**
   * As a part of a file's name, another one for every selection: {@code dt=2026-11-03}, {@code
   * dt=2026-11-01..2026-11-30}; of several dates by name with a hash of them.
   */
  String fileName() {
    if (dates.isEmpty()) {
      return "dt=" + from.orElse("") + ".." + to.orElse("");
    }
    String first = dates.get(0);
    return dates.size() == 1
        ? "dt=" + first
        : "dt=%s..%s.%s"
            .formatted(
                first,
                dates.get(dates.size() - 1),
                Sha256.of(String.join("\n", dates)).substring(0, HASH));
  }
}
