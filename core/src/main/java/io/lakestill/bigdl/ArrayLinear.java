package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.Linear;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import io.lakestill.bigdl.ArrayConvolution.InputGradient;
import io.lakestill.bigdl.Blas.Form;
import io.lakestill.bigdl.Blas.Matrix;

/**
 * A linear layer as one product each way. Of BigDL's own type, so that it can be taken out again;
 * for training only.
 */
final class ArrayLinear extends Linear<Float> {
  private static final long serialVersionUID = 1L;

  private final int in;
  private final int out;
  private final boolean biased;
  private final InputGradient use;

  /**
   * @param use {@code UNUSED} leaves the gradient by the input at zero
   */
  ArrayLinear(int in, int out, boolean bias, InputGradient use) {
    super(in, out, bias, null, null, null, null, null, null, Floats.tag(), Floats.numeric());
    this.in = in;
    this.out = out;
    this.biased = bias;
    this.use = use;
  }

  private static Matrix matrix(Tensor<Float> tensor, int width) {
    return new Matrix(Floats.array(tensor), Floats.offset(tensor), width);
  }

  @Override
  public Tensor<Float> updateOutput(Tensor<Float> input) {
    Tensor<Float> from = input.contiguous();
    int rows = from.size(1);
    Tensor<Float> to = output();
    to.resize(rows, out);
    if (biased) {
      for (int row = 0; row < rows; row++) {
        System.arraycopy(
            Floats.array(bias()),
            Floats.offset(bias()),
            Floats.array(to),
            Floats.offset(to) + row * out,
            out);
      }
    }
    Blas.product(
        rows,
        out,
        in,
        1f,
        Form.PLAIN,
        matrix(from, in),
        Form.TRANSPOSED,
        matrix(weight(), in),
        biased ? 1f : 0f,
        matrix(to, out));
    return to;
  }

  @Override
  public Tensor<Float> updateGradInput(Tensor<Float> input, Tensor<Float> gradOutput) {
    Tensor<Float> to = gradInput();
    int rows = input.size(1);
    to.resizeAs(input);
    if (use == InputGradient.NEEDED) {
      Blas.product(
          rows,
          in,
          out,
          1f,
          Form.PLAIN,
          matrix(gradOutput.contiguous(), out),
          Form.PLAIN,
          matrix(weight(), in),
          0f,
          matrix(to, in));
    }
    return to;
  }

  @Override
  public void accGradParameters(Tensor<Float> input, Tensor<Float> gradOutput) {
    Tensor<Float> dy = gradOutput.contiguous();
    int rows = dy.size(1);
    gradWeight().resize(out, in);
    Blas.product(
        out,
        in,
        rows,
        (float) getScaleW(),
        Form.TRANSPOSED,
        matrix(dy, out),
        Form.PLAIN,
        matrix(input.contiguous(), in),
        1f,
        matrix(gradWeight(), in));
    if (biased) {
      gradBias().resize(out);
      Blas.addColumnSums(
          Floats.array(dy),
          Floats.offset(dy),
          rows,
          out,
          (float) getScaleB(),
          Floats.array(gradBias()),
          Floats.offset(gradBias()));
    }
  }
}
