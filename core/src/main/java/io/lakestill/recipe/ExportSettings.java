package io.lakestill.recipe;

import java.util.Optional;

/**
 * How a student leaves.
 *
 * @param opset the ONNX operator set, 13 to 17
 * @param tolerance the largest difference allowed between a logit of BigDL and of ONNX Runtime
 */
public record ExportSettings(int opset, double tolerance) {
  public ExportSettings {
    if (opset < 13 || opset > 17) {
      throw new IllegalArgumentException("opset must be 13 to 17, is " + opset);
    }
    if (tolerance <= 0) {
      throw new IllegalArgumentException("tolerance must be above 0, is " + tolerance);
    }
  }

  static Optional<ExportSettings> read(Settings settings) {
    int opset = settings.integer("opset");
    double tolerance = settings.number("tolerance");
    return settings.build(() -> new ExportSettings(opset, tolerance));
  }
}
