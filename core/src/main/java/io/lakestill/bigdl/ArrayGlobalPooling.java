package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.SpatialAveragePooling;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.DataFormat.NCHW$;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import java.util.Arrays;

/**
 * The mean of each plane, {@code [rows, c, 1, 1]}. Of BigDL's own type, so that it can be taken out
 * again; for training only.
 */
final class ArrayGlobalPooling extends SpatialAveragePooling<Float> {
  private static final long serialVersionUID = 1L;

  ArrayGlobalPooling(int height, int width) {
    super(
        width,
        height,
        1,
        1,
        0,
        0,
        false,
        false,
        true,
        true,
        NCHW$.MODULE$,
        Floats.tag(),
        Floats.numeric());
  }

  @Override
  public Tensor<Float> updateOutput(Tensor<Float> input) {
    Tensor<Float> from = input.contiguous();
    Tensor<Float> to = output();
    to.resize(new int[] {from.size(1), from.size(2), 1, 1}, null);
    int planes = to.nElement();
    int pixels = from.stride(2);
    Arrays.fill(Floats.array(to), Floats.offset(to), Floats.offset(to) + planes, 0f);
    Blas.addRowSums(
        Floats.array(from),
        Floats.offset(from),
        planes,
        pixels,
        1f / pixels,
        Floats.array(to),
        Floats.offset(to));
    return to;
  }

  @Override
  public Tensor<Float> updateGradInput(Tensor<Float> input, Tensor<Float> gradOutput) {
    Tensor<Float> gradient = Floats.atOrigin(gradOutput);
    Tensor<Float> to = gradInput();
    to.resizeAs(input);
    int pixels = to.stride(2);
    for (int plane = 0; plane < gradient.nElement(); plane++) {
      Arrays.fill(
          Floats.array(to),
          plane * pixels,
          (plane + 1) * pixels,
          Floats.array(gradient)[plane] / pixels);
    }
    return to;
  }
}
