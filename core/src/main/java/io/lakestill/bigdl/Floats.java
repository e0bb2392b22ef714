package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import com.intel.analytics.bigdl.dllib.tensor.Tensor$;
import com.intel.analytics.bigdl.dllib.tensor.TensorNumericMath$TensorNumeric$NumericFloat$;
import com.intel.analytics.bigdl.dllib.tensor.TensorNumericMath.TensorNumeric;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/** BigDL's single precision, as Java must name it, and its tensors over primitive arrays. */
final class Floats {
  private Floats() {}

  /** The implicit evidence that every BigDL constructor asks for. */
  @SuppressWarnings("unchecked") // Scala's Float is Object to Java.
  static TensorNumeric<Float> numeric() {
    return (TensorNumeric<Float>)
        (TensorNumeric<?>) TensorNumericMath$TensorNumeric$NumericFloat$.MODULE$;
  }

  @SuppressWarnings("unchecked") // Scala's Float is Object to Java.
  static ClassTag<Float> tag() {
    return (ClassTag<Float>) (ClassTag<?>) ClassTag$.MODULE$.Float();
  }

  static ClassTag<Activity> activityTag() {
    return ClassTag$.MODULE$.apply(Activity.class);
  }

  /** A tensor over the array itself, row-major. */
  static Tensor<Float> tensor(float[] values, int... shape) {
    return Tensor$.MODULE$.apply(values, shape, tag(), numeric());
  }

  /** A tensor without values, to be resized. */
  static Tensor<Float> empty() {
    return Tensor$.MODULE$.apply(tag(), numeric());
  }

  /** The storage of a tensor; its values start at {@link #offset}. */
  static float[] array(Tensor<Float> tensor) {
    return (float[]) tensor.storage().array();
  }

  /** Where a tensor's values start in its storage, counted from 0. */
  static int offset(Tensor<Float> tensor) {
    return tensor.storageOffset() - 1;
  }

  /**
   * The tensor itself when its values lie one after another from the beginning of its storage, and
   * else a copy that does: loops without offsets become vector instructions.
   */
  static Tensor<Float> atOrigin(Tensor<Float> tensor) {
    return tensor.isContiguous() && tensor.storageOffset() == 1
        ? tensor
        : tensor(values(tensor), tensor.size());
  }

  /** One value of a vector, counted from 0. */
  static float at(Tensor<Float> vector, int index) {
    return array(vector)[offset(vector) + index];
  }

  /** Changes one value of a vector, counted from 0. */
  static void set(Tensor<Float> vector, int index, double value) {
    array(vector)[offset(vector) + index] = (float) value;
  }

  /** A copy of the values of a contiguous tensor. */
  static float[] values(Tensor<Float> tensor) {
    Tensor<Float> contiguous = tensor.contiguous();
    float[] values = new float[contiguous.nElement()];
    System.arraycopy(array(contiguous), offset(contiguous), values, 0, values.length);
    return values;
  }

  /** Writes values into a contiguous tensor of as many. */
  static void fill(Tensor<Float> tensor, float[] values) {
    if (!tensor.isContiguous() || tensor.nElement() != values.length) {
      throw new IllegalArgumentException(
          "%d values do not fill %d contiguous ones".formatted(values.length, tensor.nElement()));
    }
    System.arraycopy(values, 0, array(tensor), offset(tensor), values.length);
  }
}
