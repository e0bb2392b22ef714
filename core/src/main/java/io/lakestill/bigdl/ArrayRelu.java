package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.ReLU;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;

/**
 * {@code max(x, 0)} in plain loops. BigDL's own runs a boxed closure per value, which took 1.8
 * times as long as all matrix products of a multilayer perceptron together; this one is of its
 * type, so that it can be taken out again. For training only: saved models hold BigDL's own.
 */
final class ArrayRelu extends ReLU<Float> {
  private static final long serialVersionUID = 1L;

  ArrayRelu() {
    super(false, Floats.tag(), Floats.numeric());
  }

  @Override
  public Tensor<Float> updateOutput(Tensor<Float> input) {
    Tensor<Float> from = input.contiguous();
    Tensor<Float> to = output();
    to.resizeAs(from);
    float[] x = Floats.array(from);
    float[] y = Floats.array(to);
    int xOffset = Floats.offset(from);
    int yOffset = Floats.offset(to);
    int size = from.nElement();
    for (int i = 0; i < size; i++) {
      float value = x[xOffset + i];
      // NaN is not <= 0, so it goes through and the loss shows it.
      y[yOffset + i] = value <= 0f ? 0f : value;
    }
    return to;
  }

  @Override
  public Tensor<Float> updateGradInput(Tensor<Float> input, Tensor<Float> gradOutput) {
    Tensor<Float> from = input.contiguous();
    Tensor<Float> gradient = gradOutput.contiguous();
    Tensor<Float> to = gradInput();
    to.resizeAs(from);
    float[] x = Floats.array(from);
    float[] dy = Floats.array(gradient);
    float[] dx = Floats.array(to);
    int xOffset = Floats.offset(from);
    int dyOffset = Floats.offset(gradient);
    int dxOffset = Floats.offset(to);
    int size = from.nElement();
    for (int i = 0; i < size; i++) {
      dx[dxOffset + i] = x[xOffset + i] <= 0f ? 0f : dy[dyOffset + i];
    }
    return to;
  }
}
