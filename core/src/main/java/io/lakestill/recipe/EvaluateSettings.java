package io.lakestill.recipe;

import java.util.List;
import java.util.Optional;

/**
 * What the scorecard measures and what it takes to pass.
 *
 * @param calibrationBins bins of the calibration error and the reliability diagram
 * @param gates conditions such as {@code student.accuracy >= 0.95}; all must hold
 */
public record EvaluateSettings(int calibrationBins, List<String> gates) {
  public EvaluateSettings {
    gates = List.copyOf(gates);
    if (calibrationBins < 1) {
      throw new IllegalArgumentException(
          "calibration-bins must be at least 1, is " + calibrationBins);
    }
  }

  static Optional<EvaluateSettings> read(Settings settings) {
    int bins = settings.integer("calibration-bins");
    List<String> gates = settings.texts("gates");
    return settings.build(() -> new EvaluateSettings(bins, gates));
  }
}
