package io.lakestill.jobs;

import io.lakestill.error.Errors;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What somebody who plans knows, and wants.
 *
 * @param widths of signals whose width no file says, by {@code signal} or {@code teacher.signal}
 * @param speeds rows per second of one core, by teacher; of every other teacher by {@code ""}
 * @param timed whether teachers are to be timed
 * @param sample rows to time by
 * @param seconds in which the teach stages are to be done
 * @param cores that there are
 * @param coresPerExecutor as the cluster gives them
 * @param coreHour price of a core for an hour
 * @param gigabyteMonth price of storing a gigabyte for a month
 */
record PlanWishes(
    Map<String, Integer> widths,
    Map<String, Double> speeds,
    boolean timed,
    int sample,
    OptionalDouble seconds,
    OptionalLong cores,
    int coresPerExecutor,
    OptionalDouble coreHour,
    OptionalDouble gigabyteMonth) {
  private static final Pattern DURATION = Pattern.compile("([0-9]+(?:\\.[0-9]+)?) ?(s|m|min|h|d)");
  private static final Map<String, Integer> SECONDS =
      Map.of("s", 1, "m", 60, "min", 60, "h", 3600, "d", 86_400);

  private static final int MOST_ROWS = 100_000;

  PlanWishes {
    widths = Map.copyOf(widths);
    speeds = Map.copyOf(speeds);
    widths.forEach((signal, width) -> requirePositive("--width " + signal, width));
    speeds.values().forEach(speed -> requirePositive("--rows-per-second", speed));
    requirePositive("--sample", sample);
    requirePositive("--executor-cores", coresPerExecutor);
    cores.ifPresent(count -> requirePositive("--cores", count));
    seconds.ifPresent(time -> requirePositive("--within", time));
    coreHour.ifPresent(price -> requirePositive("--core-hour", price));
    gigabyteMonth.ifPresent(price -> requirePositive("--gigabyte-month", price));
    if (timed && speeds.containsKey("")) {
      throw Errors.badRecipe(
          "Give --rows-per-second or --time, not both. Beside --time, --rows-per-second TEACHER=R"
              + " is for a teacher that cannot be timed.");
    }
    if (sample > MOST_ROWS) {
      throw Errors.badRecipe("--sample must be at most %,d, is %,d.".formatted(MOST_ROWS, sample));
    }
    if (seconds.isPresent() && cores.isPresent()) {
      throw Errors.badRecipe("Give --within or --cores, not both.");
    }
    if (coreHour.isPresent() != gigabyteMonth.isPresent()) {
      throw Errors.badRecipe("Give --core-hour and --gigabyte-month together.");
    }
  }

  private static void requirePositive(String option, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw Errors.badRecipe("%s must be a positive number, is %s.".formatted(option, value));
    }
  }

  /**
   * @param given such as {@code 371} or {@code big-net=371}
   */
  static Map<String, Double> speeds(List<String> given) {
    Map<String, Double> speeds = new HashMap<>();
    for (String one : given) {
      int equals = one.lastIndexOf('=');
      try {
        speeds.put(
            one.substring(0, Math.max(0, equals)), Double.valueOf(one.substring(equals + 1)));
      } catch (NumberFormatException e) {
        throw Errors.badRecipe(
            "--rows-per-second '%s' is neither a number nor TEACHER=NUMBER.".formatted(one));
      }
    }
    return speeds;
  }

  /**
   * @param given such as {@code 90s}, {@code 30min} or {@code 1h}
   */
  static double seconds(String given) {
    Matcher matcher = DURATION.matcher(given);
    if (!matcher.matches()) {
      throw Errors.badRecipe(
          "--within '%s' is no time; give one such as 90s, 30min, 1.5h or 1d.".formatted(given));
    }
    return Double.parseDouble(matcher.group(1)) * SECONDS.get(matcher.group(2));
  }

  /** Rows per second of one core, if they were given. */
  Optional<Double> speed(String teacher) {
    return Optional.ofNullable(speeds.getOrDefault(teacher, speeds.get("")));
  }

  /** Whether a teacher is to be timed: its speed is not given, and it is a model that exists. */
  boolean times(TeacherPlan teacher) {
    return timed
        && speed(teacher.id()).isEmpty()
        && (teacher.settings().onnx().isPresent() || teacher.settings().bundle().isPresent());
  }

  /**
   * Refuses a time to be done in, when nothing will say how fast a teacher is.
   *
   * @throws io.lakestill.error.LakestillException (exit 2)
   */
  void requireSpeeds(List<TeacherPlan> teachers) {
    for (TeacherPlan teacher : teachers) {
      if (seconds.isPresent() && speed(teacher.id()).isEmpty() && !times(teacher)) {
        throw Errors.badRecipe(
            ("--within needs to know how fast teacher '%s' is; give --rows-per-second %s=R%s")
                .formatted(
                    teacher.id(),
                    teacher.id(),
                    timed
                        ? ", since only a model that exists can be timed."
                        : ", or --time if it is a model that exists."));
      }
    }
  }

  OptionalInt width(String teacher, String signal) {
    Integer width = widths.getOrDefault(teacher + "." + signal, widths.get(signal));
    return width == null ? OptionalInt.empty() : OptionalInt.of(width);
  }

  /**
   * Refuses wishes for a teacher or a signal that the recipe does not have.
   *
   * @throws io.lakestill.error.LakestillException (exit 2)
   */
  void requireKnown(List<TeacherPlan> teachers) {
    Set<String> signals = new HashSet<>();
    Set<String> ids = new HashSet<>(Set.of(""));
    for (TeacherPlan teacher : teachers) {
      ids.add(teacher.id());
      for (String signal : teacher.settings().outputs().keySet()) {
        signals.add(signal);
        signals.add(teacher.id() + "." + signal);
      }
    }
    for (String named : widths.keySet()) {
      if (!signals.contains(named)) {
        throw Errors.badRecipe(
            "--width names '%s', which is no signal of the recipe's teachers; those are %s."
                .formatted(named, signals.stream().sorted().toList()));
      }
    }
    for (String named : speeds.keySet()) {
      if (!ids.contains(named)) {
        throw Errors.badRecipe(
            "--rows-per-second names '%s'; the recipe's teachers are %s."
                .formatted(named, teachers.stream().map(TeacherPlan::id).toList()));
      }
    }
  }
}
