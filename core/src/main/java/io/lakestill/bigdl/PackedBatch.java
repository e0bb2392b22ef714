package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.feature.dataset.MiniBatch;
import com.intel.analytics.bigdl.dllib.feature.dataset.Sample;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import com.intel.analytics.bigdl.dllib.tensor.TensorNumericMath.TensorNumeric;
import scala.collection.Seq;

/** A mini-batch over two arrays; its slices, one per core, are windows on the same arrays. */
final class PackedBatch implements MiniBatch<Float> {
  private static final long serialVersionUID = 1L;

  private final Tensor<Float> features;
  private final Tensor<Float> targets;

  /**
   * @param features {@code [rows, ...]}
   * @param targets {@code [rows, target width]}
   */
  PackedBatch(Tensor<Float> features, Tensor<Float> targets) {
    this.features = features;
    this.targets = targets;
  }

  @Override
  public int size() {
    return features.size(1);
  }

  @Override
  public PackedBatch slice(int offset, int length) {
    return new PackedBatch(features.narrow(1, offset, length), targets.narrow(1, offset, length));
  }

  @Override
  public Activity getInput() {
    return features;
  }

  @Override
  public Activity getTarget() {
    return targets;
  }

  @Override
  public MiniBatch<Float> set(Seq<Sample<Float>> samples, TensorNumeric<Float> numeric) {
    throw new UnsupportedOperationException("A packed batch is made of packed rows only");
  }
}
