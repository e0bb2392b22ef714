package io.lakestill.recipe;

import java.io.Serializable;
import java.util.List;

/**
 * The last step of preprocessing: {@code (value - mean) / deviation}, per channel.
 *
 * @param mean one value for all channels, or one per channel
 * @param deviation one value for all channels, or one per channel; never zero
 */
public record Normalisation(List<Double> mean, List<Double> deviation) implements Serializable {
  private static final long serialVersionUID = 1L;

  public Normalisation {
    mean = List.copyOf(mean);
    deviation = List.copyOf(deviation);
    if (mean.isEmpty() || mean.size() != deviation.size()) {
      throw new IllegalArgumentException(
          "mean and deviation must have the same number of values, have %d and %d"
              .formatted(mean.size(), deviation.size()));
    }
    if (deviation.stream().anyMatch(value -> value <= 0)) {
      throw new IllegalArgumentException("deviation must be above 0, is " + deviation);
    }
  }

  static java.util.Optional<Normalisation> read(Settings settings) {
    List<Double> mean = settings.numbers("mean");
    List<Double> deviation = settings.numbers("deviation");
    return settings.build(() -> new Normalisation(mean, deviation));
  }
}
