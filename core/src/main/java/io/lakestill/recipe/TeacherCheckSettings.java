package io.lakestill.recipe;

import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How {@code teach} checks a teacher on examples whose labels are known.
 *
 * @param rows how many examples, at most
 * @param accuracyFloor the part of them that it must be right on; 0 asks nothing of it; empty asks
 *     that it does better than chance
 */
public record TeacherCheckSettings(int rows, OptionalDouble accuracyFloor) {
  private static final String CHANCE = "chance";
  private static final int MOST_ROWS = 100_000;

  public TeacherCheckSettings {
    if (rows < 1 || rows > MOST_ROWS) {
      throw new IllegalArgumentException(
          "rows must be 1 to %,d, is %,d".formatted(MOST_ROWS, rows));
    }
    if (accuracyFloor.isPresent()
        && !(accuracyFloor.getAsDouble() >= 0 && accuracyFloor.getAsDouble() <= 1)) {
      throw new IllegalArgumentException(
          "accuracy-floor must be 0 to 1, or chance, is " + accuracyFloor.getAsDouble());
    }
  }

  /** Whether any accuracy, and any order of the classes, will do. */
  public boolean asksNothing() {
    return accuracyFloor.isPresent() && accuracyFloor.getAsDouble() == 0;
  }

  static Optional<TeacherCheckSettings> read(Settings settings) {
    int rows = settings.integer("rows");
    boolean chance =
        settings.isText("accuracy-floor") && settings.text("accuracy-floor").equals(CHANCE);
    OptionalDouble floor =
        chance ? OptionalDouble.empty() : OptionalDouble.of(settings.number("accuracy-floor"));
    return settings.build(() -> new TeacherCheckSettings(rows, floor));
  }
}
