package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import com.intel.analytics.bigdl.dllib.tensor.TensorNumericMath.TensorNumeric;
import com.intel.analytics.bigdl.dllib.utils.Table;

/**
 * The target of a core's batch: the flat rows and where they are from. BigDL hands the target to
 * criterion and validation methods as it is.
 *
 * @param values {@code [rows, target width]}
 * @param origin of the rows
 */
record PackedTarget(Tensor<Float> values, RowOrigin origin) implements Activity {
  @Override
  @SuppressWarnings("unchecked") // BigDL's tensors are of the numeric type that asks for them.
  public <D> Tensor<D> toTensor(TensorNumeric<D> numeric) {
    return (Tensor<D>) values;
  }

  @Override
  public Table toTable() {
    throw new UnsupportedOperationException("A packed target is a tensor");
  }

  @Override
  public boolean isTensor() {
    return true;
  }

  @Override
  public boolean isTable() {
    return false;
  }
}
