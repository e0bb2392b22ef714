package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.ReLU;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;

/**
 * {@code max(x, 0)} in plain loops without branches, which the compiler makes vector instructions
 * of: on values of random sign a comparison takes 20 times as long, and BigDL's own, a boxed
 * closure per value, took 1.8 times as long as all matrix products of a multilayer perceptron
 * together. Of its type, so that it can be taken out again. For training only: saved models hold
 * BigDL's own.
 */
final class ArrayRelu extends ReLU<Float> {
  private static final long serialVersionUID = 1L;

  /** Twice this times any positive number is above 1. */
  private static final float LARGE = 1e38f;

  ArrayRelu() {
    super(false, Floats.tag(), Floats.numeric());
  }

  @Override
  public Tensor<Float> updateOutput(Tensor<Float> input) {
    Tensor<Float> from = Floats.atOrigin(input);
    Tensor<Float> to = output();
    to.resizeAs(from);
    positive(Floats.array(from), Floats.array(to), from.nElement());
    return to;
  }

  /** NaN goes through, and the loss shows it. */
  private static void positive(float[] x, float[] y, int size) {
    for (int i = 0; i < size; i++) {
      y[i] = Math.max(x[i], 0f);
    }
  }

  @Override
  public Tensor<Float> updateGradInput(Tensor<Float> input, Tensor<Float> gradOutput) {
    Tensor<Float> gradient = Floats.atOrigin(gradOutput);
    Tensor<Float> to = gradInput();
    to.resizeAs(gradient);
    pass(Floats.array(output()), Floats.array(gradient), Floats.array(to), gradient.nElement());
    return to;
  }

  /** Times 1 where y is positive, however small, and times 0 where it is 0; -0 becomes 0. */
  private static void pass(float[] y, float[] dy, float[] dx, int size) {
    for (int i = 0; i < size; i++) {
      dx[i] = dy[i] * Math.min(Math.min(y[i] * LARGE, 1f) * LARGE, 1f) + 0f;
    }
  }
}
