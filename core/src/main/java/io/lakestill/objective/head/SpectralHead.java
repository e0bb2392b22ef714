package io.lakestill.objective.head;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.SpectralNorm;
import io.lakestill.objective.numeric.UnitRows;

/**
 * An embedding through a linear map of Lipschitz constant 1, to unit length if asked.
 *
 * <p>{@code h = (W / sigma(W)) f + b}, {@code sigma} the largest singular value, with its own
 * derivative; then {@code h / max(|h|, 1e-12)}.
 */
public final class SpectralHead implements java.io.Serializable {
  private static final long serialVersionUID = 1L;
  private static final double FLOOR = 1e-12;

  /** What is done to map and output. */
  public record Norms(boolean spectral, boolean unit) implements java.io.Serializable {}

  private final String input;
  private final String name;
  private final Norms norms;
  private final LinearHead linear;
  private final SpectralNorm spectral = new SpectralNorm();
  private int rows;
  private double sigma;
  private transient double[] values;
  private transient double[] raw;
  private transient double[] unit;
  private transient double[] lengths;
  private transient double[] slope;
  private transient float[] bias;

  public SpectralHead(String input, String name, Norms norms) {
    this.input = input;
    this.name = name;
    this.norms = norms;
    this.linear = new LinearHead(name);
  }

  /** Weight and bias of a map to so many values. */
  public Equipment equip(Dimensions dimensions, int out) {
    return linear.equip(dimensions.channels(input), out);
  }

  public int width() {
    return linear.out();
  }

  /** The rows {@code [rows, out]}, the head's own array, valid until the next call. */
  public double[] forward(Batch batch) {
    Tensor features = batch.finite(input);
    rows = features.rows();
    values = Doubles.of(features, values);
    sigma = norms.spectral() ? spectral.of(batch.finite("weight." + name)) : 1;
    for (int i = 0; i < features.size(); i++) {
      values[i] /= sigma;
    }
    raw = linear.forward(batch, values, rows, features.width(), 1);
    bias = batch.has("bias." + name) ? batch.tensor("bias." + name).data() : new float[width()];
    unit = Scratch.atLeast(unit, rows * width());
    System.arraycopy(raw, 0, unit, 0, rows * width());
    lengths = Scratch.atLeast(lengths, rows);
    if (norms.unit()) {
      UnitRows.normalise(unit, rows, width(), FLOOR, lengths);
    }
    return unit;
  }

  /** Takes {@code d loss / d h} through to weight, bias and input. */
  public void backward(double[] byOutput, Gradients gradients) {
    int size = rows * width();
    slope = Scratch.atLeast(slope, size);
    System.arraycopy(byOutput, 0, slope, 0, size);
    if (norms.unit()) {
      UnitRows.backward(slope, unit, lengths, rows, width(), FLOOR);
    }
    double[] byScaled = linear.backward(slope, gradients);
    if (norms.spectral()) {
      double along = 0;
      for (int i = 0; i < size; i++) {
        along += slope[i] * (raw[i] - bias[i % width()]);
      }
      spectral.addDerivative(-along / sigma, gradients.of("weight." + name));
    }
    if (gradients.has(input)) {
      Doubles.addTo(gradients.of(input), 1 / sigma, byScaled);
    }
  }
}
