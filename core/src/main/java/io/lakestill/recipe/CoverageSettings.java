package io.lakestill.recipe;

import java.math.BigDecimal;
import java.util.Map;
import java.util.Optional;

/**
 * How much of the examples and the signals may lack its counterpart before a training is refused.
 * What lacks it is left out with all its views, and counted.
 *
 * @param missing part of the examples that may have no signals
 * @param changed part of the examples whose content may be other than the teacher saw
 * @param orphans part of the taught examples that the tables may no longer have
 */
public record CoverageSettings(double missing, double changed, double orphans) {
  /** Every example has the signals of its content; tables may have lost examples. */
  public static final CoverageSettings COMPLETE = new CoverageSettings(0, 0, 1);

  public CoverageSettings {
    Map.of("missing", missing, "changed", changed, "orphans", orphans)
        .forEach(
            (key, part) -> {
              if (!(part >= 0 && part <= 1)) {
                throw new IllegalArgumentException(key + " must be in [0, 1], is " + part);
              }
            });
  }

  /** True when no example may be left out for want of signals. */
  public boolean isComplete() {
    return missing == 0 && changed == 0;
  }

  /** How many of so many a part is, at most: 29 of 100 are 0.29, although 100 * 0.29 is less. */
  public static long count(double part, long of) {
    return BigDecimal.valueOf(part).multiply(BigDecimal.valueOf(of)).longValue();
  }

  static Optional<CoverageSettings> read(Settings settings) {
    double missing = settings.number("missing");
    double changed = settings.number("changed");
    double orphans = settings.number("orphans");
    return settings.build(() -> new CoverageSettings(missing, changed, orphans));
  }
}
