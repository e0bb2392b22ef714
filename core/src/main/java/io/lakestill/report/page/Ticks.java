package io.lakestill.report.page;

import java.util.ArrayList;
import java.util.List;

/**
 * Round values along an axis: multiples of 1, 2 or 5 times a power of ten.
 *
 * @param step the distance between two ticks
 * @param values the ticks, ascending; the first is at or below the data, the last at or above
 */
record Ticks(double step, List<Double> values) {
  Ticks {
    values = List.copyOf(values);
  }

  /**
   * Ticks that enclose {@code [low, high]}, widened when it is a single value.
   *
   * @param about how many steps are wanted, at least 1
   */
  static Ticks enclosing(double low, double high, int about) {
    double spread = high > low ? high - low : Math.max(Math.abs(high) * 0.02, 1e-3);
    double step = roundStep(spread / about);
    long first = (long) Math.floor(low / step + 1e-9);
    long last = (long) Math.ceil(high / step - 1e-9);
    if (first == last) {
      first--;
      last++;
    }
    List<Double> values = new ArrayList<>();
    for (long i = first; i <= last; i++) {
      values.add(i * step);
    }
    return new Ticks(step, values);
  }

  /** Ticks for fractions: as {@link #enclosing}, but never below 0 or above 1. */
  static Ticks ofFractions(double low, double high, int about) {
    Ticks ticks = enclosing(low, high, about);
    List<Double> inside =
        ticks.values().stream().filter(value -> value > -1e-9 && value < 1 + 1e-9).toList();
    return inside.size() < 2 ? enclosing(0, 1, about) : new Ticks(ticks.step(), inside);
  }

  double low() {
    return values.get(0);
  }

  double high() {
    return values.get(values.size() - 1);
  }

  /** The decimals that tell two ticks apart when values are written in percent. */
  int percentDecimals() {
    return (int) Math.max(0, -Math.floor(Math.log10(100 * step) + 1e-9));
  }

  private static double roundStep(double step) {
    double power = Math.pow(10, Math.floor(Math.log10(step)));
    double mantissa = step / power;
    double nice = mantissa <= 1 ? 1 : mantissa <= 2 ? 2 : mantissa <= 5 ? 5 : 10;
    return nice * power;
  }
}
