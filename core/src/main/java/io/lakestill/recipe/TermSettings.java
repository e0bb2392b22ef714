package io.lakestill.recipe;

import java.util.Optional;

/**
 * One weighted term of a student's loss.
 *
 * @param type the objective's registered name, such as {@code kd-kl}
 * @param weight what its loss and gradient are multiplied by, not negative
 * @param options the rest of the section, read by the objective itself
 */
public record TermSettings(String type, double weight, Settings options) {
  public TermSettings {
    if (weight < 0) {
      throw new IllegalArgumentException("weight must not be negative, is " + weight);
    }
  }

  /** Reads type and weight; unknown keys are the objective's to refuse. */
  static Optional<TermSettings> read(Settings settings) {
    String type = settings.text("type");
    Settings options = settings.withDefaults("objective." + type).withDefaults("term");
    options.text("type");
    double weight = options.number("weight");
    if (weight < 0) {
      options.problem("weight", "must not be negative, is " + weight);
      return Optional.empty();
    }
    return type.isEmpty() ? Optional.empty() : Optional.of(new TermSettings(type, weight, options));
  }
}
