package io.lakestill.objective.head;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.UnitRows;
import java.io.Serializable;

/**
 * An embedding through a linear map, then to unit length: {@code v = (W f + b) / max(|W f + b|,
 * floor)}.
 *
 * <p>{@code <input>: [rows, in]}, {@code weight.<name>: [out, in]}, {@code bias.<name>: [out]}. The
 * input is differentiated by when the gradients have it, as a student's is and a teacher's is not.
 */
public final class UnitHead implements Serializable {
  private static final long serialVersionUID = 1L;

  private final String input;
  private final double floor;
  private final LinearHead linear;
  private int rows;
  private transient double[] values;
  private transient double[] norms;
  private transient double[] unit;
  private transient double[] slope;

  /**
   * @param input such as {@code student.embedding}
   * @param name such as {@code student_projection}
   * @param floor the least divisor; 0 for none
   */
  public UnitHead(String input, String name, double floor) {
    this.input = input;
    this.floor = floor;
    this.linear = new LinearHead(name);
  }

  public int rows() {
    return rows;
  }

  /** Weight and bias of a map to so many values. */
  public Equipment equip(Dimensions dimensions, int out) {
    return linear.equip(dimensions.channels(input), out);
  }

  public int width() {
    return linear.out();
  }

  /** The unit rows {@code [rows, out]}, the head's own array, valid until the next call. */
  public double[] forward(Batch batch) {
    Tensor features = batch.finite(input);
    rows = features.rows();
    values = Doubles.of(features, values);
    unit = linear.forward(batch, values, rows, features.width(), 1);
    norms = Scratch.atLeast(norms, rows);
    UnitRows.normalise(unit, rows, width(), floor, norms);
    return unit;
  }

  /** Takes {@code d loss / d v} through to weight, bias and input. */
  public void backward(double[] byUnit, Gradients gradients) {
    slope = Scratch.atLeast(slope, rows * width());
    System.arraycopy(byUnit, 0, slope, 0, rows * width());
    UnitRows.backward(slope, unit, norms, rows, width(), floor);
    double[] byInput = linear.backward(slope, gradients);
    if (gradients.has(input)) {
      Doubles.addTo(gradients.of(input), 1, byInput);
    }
  }
}
