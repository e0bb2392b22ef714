package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.feature.dataset.MiniBatch;
import com.intel.analytics.bigdl.dllib.feature.dataset.Sample;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import com.intel.analytics.bigdl.dllib.tensor.TensorNumericMath.TensorNumeric;
import java.util.List;
import scala.collection.Seq;

/**
 * A mini-batch over two arrays; its slices, one per core, are windows on the same arrays. The
 * cores' parts lie one after the other, of equal size, and are sliced so.
 */
final class PackedBatch implements MiniBatch<Float> {
  private static final long serialVersionUID = 1L;

  private final Tensor<Float> features;
  private final Tensor<Float> targets;
  private final List<RowOrigin> origins;

  /**
   * @param features {@code [rows, ...]}
   * @param targets {@code [rows, target width]}
   * @param origins of equal parts of the rows, one per core; one for validation rows
   */
  PackedBatch(Tensor<Float> features, Tensor<Float> targets, List<RowOrigin> origins) {
    this.features = features;
    this.targets = targets;
    this.origins = origins;
  }

  @Override
  public int size() {
    return features.size(1);
  }

  @Override
  public PackedBatch slice(int offset, int length) {
    return new PackedBatch(
        features.narrow(1, offset, length),
        targets.narrow(1, offset, length),
        List.of(origin(offset - 1, length)));
  }

  private RowOrigin origin(int first, int length) {
    int part = size() / origins.size();
    RowOrigin origin = origins.get(first / part);
    if (origin.step() > 0 && (first % part != 0 || length != part)) {
      throw new IllegalArgumentException(
          "rows [%d, %d) are not those of one core; each has %d"
              .formatted(first, first + length, part));
    }
    return origin;
  }

  @Override
  public Activity getInput() {
    return features;
  }

  @Override
  public Activity getTarget() {
    if (origins.size() > 1) {
      throw new IllegalStateException("A batch of several cores is to be sliced first");
    }
    return new PackedTarget(targets, origins.get(0));
  }

  @Override
  public MiniBatch<Float> set(Seq<Sample<Float>> samples, TensorNumeric<Float> numeric) {
    throw new UnsupportedOperationException("A packed batch is made of packed rows only");
  }
}
