package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import io.lakestill.train.PackedRows;
import java.util.List;

/**
 * The rows that one core computes with at a time, in two arrays that are filled again and again.
 */
final class CoreBatch {
  private final List<Integer> featureShape;
  private final int rows;
  private final int targetWidth;
  private final float[] features;
  private final float[] targets;
  private final Tensor<Float> input;
  private final Tensor<Float> values;
  private float[] unmixed = new float[0];
  private RowOrigin origin = RowOrigin.VALIDATION;

  /**
   * @param featureShape of one row
   * @param like the rows that will be copied
   * @param rows of the batch
   */
  CoreBatch(List<Integer> featureShape, PackedRows like, int rows) {
    this.featureShape = featureShape;
    this.rows = rows;
    this.targetWidth = like.targetWidth();
    this.features = new float[Math.multiplyExact(rows, like.featureWidth())];
    this.targets = new float[Math.multiplyExact(rows, targetWidth)];
    int[] shape = new int[featureShape.size() + 1];
    shape[0] = rows;
    for (int axis = 1; axis < shape.length; axis++) {
      shape[axis] = featureShape.get(axis - 1);
    }
    this.input = Floats.tensor(features, shape);
    this.values = Floats.tensor(targets, rows, targetWidth);
  }

  int rows() {
    return rows;
  }

  /** Copies a view of a row into a place of the batch. */
  void copy(PackedRows from, int row, int view, int slot) {
    from.copy(row, view, features, targets, slot);
  }

  /** Mixes the features of rows that are to be mixed; to be called once for each filling. */
  void mix() {
    if (origin.mixture().isPresent()) {
      unmixed = unmixed.length == 0 ? new float[features.length] : unmixed;
      origin.mixture().get().mix(features, unmixed, featureShape);
    }
  }

  /** Says where the rows are from. */
  void from(RowOrigin rowOrigin) {
    this.origin = rowOrigin;
  }

  /** {@code [rows, ...]}: the batch's own array. */
  Tensor<Float> input() {
    return input;
  }

  /** {@code [rows, target width]}: the batch's own array. */
  PackedTarget target() {
    return new PackedTarget(values, origin);
  }
}
