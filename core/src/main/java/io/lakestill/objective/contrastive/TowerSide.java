package io.lakestill.objective.contrastive;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.contrastive.PairLogits.Side;
import io.lakestill.objective.head.LinearHead;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.UnitRows;
import java.util.Arrays;

/** A tower's unit rows, projected to the teacher's width where the batch has a projection. */
final class TowerSide implements java.io.Serializable {
  private static final long serialVersionUID = 1L;
  private static final double FLOOR = 1e-12;

  private final String input;
  private final String projection;
  private final LinearHead head;
  private boolean projected;
  private int rows;
  private int width;
  private transient double[] values;
  private transient double[] unit;
  private transient double[] norms;
  private transient double[] slope;

  TowerSide(String input, String projection) {
    this.input = input;
    this.projection = "weight." + projection;
    this.head = new LinearHead(projection);
  }

  /** The projection to the teacher's width. */
  Equipment equip(Dimensions dimensions, int out) {
    return head.equip(dimensions.channels(input), out);
  }

  Side read(Batch batch) {
    Tensor features = batch.finite(input);
    rows = features.rows();
    values = Doubles.of(features, values);
    projected = batch.has(projection);
    unit = projected ? head.forward(batch, values, rows, features.width(), 1) : values;
    width = projected ? head.out() : features.width();
    norms = Scratch.atLeast(norms, rows);
    UnitRows.normalise(unit, rows, width, FLOOR, norms);
    if (slope == null || slope.length != rows * width) {
      slope = new double[rows * width];
    }
    Arrays.fill(slope, 0.0);
    return new Side(unit, slope);
  }

  void backward(Gradients gradients) {
    UnitRows.backward(slope, unit, norms, rows, width, FLOOR);
    double[] byInput = projected ? head.backward(slope, gradients) : slope;
    Doubles.addTo(gradients.of(input), 1, byInput);
  }
}
