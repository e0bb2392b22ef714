package io.lakestill.recipe;

import io.lakestill.io.EnumText;
import io.lakestill.recipe.Schedule.By;
import io.lakestill.recipe.Schedule.Span;
import java.util.List;
import java.util.Optional;

/** Reads the section of a {@link Schedule}. */
final class ScheduleReader {
  private enum Kind {
    CONSTANT,
    LINEAR,
    COSINE,
    WARM_UP,
    STEP
  }

  private ScheduleReader() {}

  /** The schedule, or a placeholder when the section was refused. */
  static Schedule read(Settings raw) {
    Kind kind = raw.choice("schedule", Kind.class);
    if (!raw.has("schedule") || !raw.text("schedule").equals(EnumText.of(kind))) {
      return Schedule.of(0); // Which one is meant is unknown, so are its keys.
    }
    Settings settings = raw.withDefaults("schedule." + EnumText.of(kind));
    settings.text("schedule");
    Optional<? extends Schedule> schedule =
        switch (kind) {
          case CONSTANT -> constant(settings);
          case LINEAR, WARM_UP, COSINE -> change(kind, settings);
          case STEP -> step(settings);
        };
    return schedule.isPresent() ? schedule.get() : Schedule.of(0);
  }

  /** Says of each schedule of a term what a training of so many epochs would never do. */
  static void refuseIdle(Settings term, int epochs) {
    term.schedules()
        .forEach(
            (key, section) -> {
              Problems others = new Problems();
              Schedule schedule = read(section.reportingTo(others));
              // What is wrong with it otherwise is said by whoever reads it.
              if (others.count() == 0) {
                schedule.idle(epochs).ifPresent(idle -> term.problem(key, idle));
              }
            });
  }

  private static Optional<Schedule> constant(Settings settings) {
    double value = settings.number("value");
    return settings.build(() -> new Schedule.Constant(value));
  }

  /**
   * A warm-up by epochs starts before the first one, so that the first epoch already has its part;
   * any other change starts with the first epoch.
   */
  private static Optional<Schedule> change(Kind kind, Settings settings) {
    double from = settings.number("from");
    double to = settings.number("to");
    By by = settings.choice("by", By.class);
    boolean wholeTraining = by == By.PROGRESS && kind != Kind.WARM_UP;
    double first = by == By.PROGRESS || kind == Kind.WARM_UP ? 0 : 1;
    double start = settings.has("start") ? settings.number("start") : first;
    double end = settings.has("end") || !wholeTraining ? settings.number("end") : 1;
    return settings.build(
        () -> {
          Span span = new Span(start, end, by);
          return kind == Kind.COSINE
              ? new Schedule.Cosine(from, to, span)
              : new Schedule.Linear(from, to, span);
        });
  }

  private static Optional<Schedule> step(Settings settings) {
    List<Double> values = settings.numbers("values");
    List<Double> at = settings.numbers("at");
    By by = settings.choice("by", By.class);
    return settings.build(() -> new Schedule.Step(values, at, by));
  }
}
