package io.lakestill.objective.feature;

import io.lakestill.objective.Rule;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.Doubles;
import io.lakestill.objective.numeric.SpatialMap;
import io.lakestill.objective.numeric.UnitRows;
import java.util.Arrays;

/**
 * The spatial pattern of a map: its channels' mean power at each location, as a unit vector.
 *
 * <p>{@code A = flatten(scale sum_c x_c^p)}, divided by {@code max(|A|, 1e-12)}. A map of zeros has
 * {@code A = 0} and gradient 0.
 */
final class SpatialFactor implements java.io.Serializable {
  private static final long serialVersionUID = 1L;
  private static final double FLOOR = 1e-12;

  private final int power;
  private final SpatialMap map = new SpatialMap();
  private double scale;
  private transient double[] values;
  private transient double[] factor;
  private transient double[] norms;
  private transient double[] byValues;

  SpatialFactor(int power) {
    this.power = Rule.atLeast(1, "power", power);
  }

  /** The unit patterns {@code [rows, height * width]} of the map averaged to that grid. */
  double[] mean(Tensor source, int height, int width) {
    return of(source, height, width, 1.0 / source.dimension(1));
  }

  /** The same from the sum over channels. */
  double[] sum(Tensor source) {
    return of(source, source.dimension(2), source.dimension(3), 1);
  }

  private double[] of(Tensor source, int height, int width, double scale) {
    this.scale = scale;
    values = map.read(source, height, width);
    int rows = map.rows();
    int positions = map.positions();
    factor = Scratch.atLeast(factor, rows * positions);
    norms = Scratch.atLeast(norms, rows);
    Arrays.fill(factor, 0, rows * positions, 0.0);
    for (int plane = 0; plane < rows * map.channels(); plane++) {
      int to = plane / map.channels() * positions;
      for (int i = 0; i < positions; i++) {
        factor[to + i] += scale * Doubles.power(values[plane * positions + i], power);
      }
    }
    UnitRows.normalise(factor, rows, positions, FLOOR, norms);
    return factor;
  }

  /** Takes {@code byFactor = d loss / d A}, which it overwrites, to the source's accumulator. */
  void backward(double[] byFactor, Tensor accumulator) {
    int positions = map.positions();
    UnitRows.backward(byFactor, factor, norms, map.rows(), positions, FLOOR);
    byValues = Scratch.atLeast(byValues, map.rows() * map.channels() * positions);
    for (int plane = 0; plane < map.rows() * map.channels(); plane++) {
      int from = plane / map.channels() * positions;
      for (int i = 0; i < positions; i++) {
        int at = plane * positions + i;
        byValues[at] = byFactor[from + i] * scale * power * Doubles.power(values[at], power - 1);
      }
    }
    map.backward(byValues, 1, accumulator);
  }
}
