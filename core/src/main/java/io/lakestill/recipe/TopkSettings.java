package io.lakestill.recipe;

import java.util.List;
import java.util.Optional;

/**
 * What {@code topk} keeps of a row of logits.
 *
 * @param k the largest logits, with their classes
 * @param temperatures at which the mass of the other classes is known
 */
public record TopkSettings(int k, List<Double> temperatures) {
  public TopkSettings {
    temperatures = List.copyOf(temperatures);
    if (k < 1) {
      throw new IllegalArgumentException("k must be at least 1, is " + k);
    }
    if (temperatures.isEmpty() || !temperatures.stream().allMatch(t -> t > 0)) {
      throw new IllegalArgumentException(
          "temperatures must be positive and at least one, are " + temperatures);
    }
    if (temperatures.stream().distinct().count() < temperatures.size()) {
      throw new IllegalArgumentException("temperatures must be distinct, are " + temperatures);
    }
  }

  static Optional<TopkSettings> read(Settings settings) {
    int k = settings.integer("k");
    List<Double> temperatures = settings.numbers("temperatures");
    return settings.build(() -> new TopkSettings(k, temperatures));
  }
}
