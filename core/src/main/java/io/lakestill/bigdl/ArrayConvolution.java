package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.SpatialConvolution;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.DataFormat.NCHW$;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import io.lakestill.bigdl.Blas.Form;
import io.lakestill.bigdl.Blas.Matrix;
import java.util.Arrays;

/**
 * A convolution as products of {@link ShiftedImage}s, one image at a time, so that what is copied
 * stays in the cache. Where the stride is one, the shifted gradient serves both the gradient by the
 * image and the one by the weights. Of BigDL's own type, so that it can be taken out again; for
 * training only. Nothing of the weights is kept between steps.
 */
final class ArrayConvolution extends SpatialConvolution<Float> {
  private static final long serialVersionUID = 1L;

  /** Whether the gradient by the input is asked for. */
  enum InputGradient {
    NEEDED,
    UNUSED
  }

  private final int kernel;
  private final int stride;
  private final int padding;
  private final boolean biased;
  private transient ShiftedImage image;
  private transient ShiftedImage gradient;
  private transient KernelRows rows;

  ArrayConvolution(
      int in, int out, int kernel, int stride, int padding, boolean bias, InputGradient use) {
    super(
        in,
        out,
        kernel,
        kernel,
        stride,
        stride,
        padding,
        padding,
        1,
        use == InputGradient.NEEDED,
        null,
        null,
        null,
        null,
        null,
        null,
        bias,
        NCHW$.MODULE$,
        Floats.tag(),
        Floats.numeric());
    this.kernel = kernel;
    this.stride = stride;
    this.padding = padding;
    this.biased = bias;
  }

  private void prepare(Tensor<Float> input) {
    int height = input.size(3);
    int width = input.size(4);
    if (image == null || !image.fits(height, width)) {
      image = new ShiftedImage(nInputPlane(), height, width, kernel, stride, padding);
      gradient =
          stride == 1 && propagateBack()
              ? new ShiftedImage(
                  nOutputPlane(),
                  image.outHeight(),
                  image.outWidth(),
                  kernel,
                  1,
                  kernel - 1 - padding)
              : null;
      rows = new KernelRows(nOutputPlane(), nInputPlane(), kernel);
    }
  }

  @Override
  public Tensor<Float> updateOutput(Tensor<Float> input) {
    Tensor<Float> from = input.contiguous();
    prepare(from);
    int samples = from.size(1);
    int in = nInputPlane();
    int out = nOutputPlane();
    int pixels = image.outHeight() * image.outWidth();
    Tensor<Float> to = output();
    to.resize(new int[] {samples, out, image.outHeight(), image.outWidth()}, null);
    rows.take(Floats.array(weight()), Floats.offset(weight()));
    for (int sample = 0; sample < samples; sample++) {
      image.take(Floats.array(from), Floats.offset(from) + sample * in * from.stride(2));
      Matrix y = new Matrix(Floats.array(to), Floats.offset(to) + sample * out * pixels, pixels);
      if (biased) {
        fillWithBias(y);
      }
      for (int ky = 0; ky < kernel; ky++) {
        Blas.product(
            out,
            pixels,
            in * kernel,
            1f,
            Form.PLAIN,
            new Matrix(rows.values(), ky * out * in * kernel, in * kernel),
            Form.PLAIN,
            image.rows(ky),
            ky == 0 && !biased ? 0f : 1f,
            y);
      }
    }
    return to;
  }

  private void fillWithBias(Matrix y) {
    float[] bias = Floats.array(bias());
    int offset = Floats.offset(bias());
    for (int o = 0; o < nOutputPlane(); o++) {
      int from = y.offset() + o * y.stride();
      Arrays.fill(y.values(), from, from + y.stride(), bias[offset + o]);
    }
  }

  @Override
  public Tensor<Float> backward(Tensor<Float> input, Tensor<Float> gradOutput) {
    if (gradient == null) {
      return super.backward(input, gradOutput);
    }
    turned(input, gradOutput, Part.BOTH);
    return gradInput();
  }

  @Override
  public Tensor<Float> updateGradInput(Tensor<Float> input, Tensor<Float> gradOutput) {
    if (!propagateBack()) {
      return gradInput();
    }
    if (gradient != null) {
      turned(input, gradOutput, Part.INPUT);
    } else {
      gathered(input, gradOutput);
    }
    return gradInput();
  }

  @Override
  public void accGradParameters(Tensor<Float> input, Tensor<Float> gradOutput) {
    if (gradient != null) {
      turned(input, gradOutput, Part.WEIGHTS);
    } else {
      weights(input, gradOutput);
    }
  }

  /** Which gradients a pass makes. */
  private enum Part {
    INPUT,
    WEIGHTS,
    BOTH
  }

  /** With the gradient as the image that is shifted. */
  private void turned(Tensor<Float> input, Tensor<Float> gradOutput, Part part) {
    Tensor<Float> from = input.contiguous();
    Tensor<Float> dy = gradOutput.contiguous();
    int samples = from.size(1);
    int in = nInputPlane();
    int across = nOutputPlane() * kernel;
    int pixels = from.size(3) * from.size(4);
    KernelRows sums = new KernelRows(nOutputPlane(), in, kernel);
    Tensor<Float> dx = gradInput();
    if (part != Part.WEIGHTS) {
      dx.resizeAs(from);
      rows.takeTurned(Floats.array(weight()), Floats.offset(weight()));
    }
    for (int sample = 0; sample < samples; sample++) {
      gradient.take(Floats.array(dy), Floats.offset(dy) + sample * nOutputPlane() * dy.stride(2));
      int at = sample * in * pixels;
      for (int ky = 0; ky < kernel; ky++) {
        if (part != Part.WEIGHTS) {
          Blas.product(
              in,
              pixels,
              across,
              1f,
              Form.PLAIN,
              new Matrix(rows.values(), ky * in * across, across),
              Form.PLAIN,
              gradient.rows(ky),
              ky == 0 ? 0f : 1f,
              new Matrix(Floats.array(dx), Floats.offset(dx) + at, pixels));
        }
        if (part != Part.INPUT) {
          Blas.product(
              across,
              in,
              pixels,
              1f,
              Form.PLAIN,
              gradient.rows(ky),
              Form.TRANSPOSED,
              new Matrix(Floats.array(from), Floats.offset(from) + at, pixels),
              1f,
              new Matrix(sums.values(), ky * across * in, in));
        }
      }
    }
    if (part != Part.INPUT) {
      sums.addTurnedTo(
          Floats.array(gradWeight()), Floats.offset(gradWeight()), (float) getScaleW());
      addBiasGradient(dy);
    }
  }

  /** With the image shifted. */
  private void weights(Tensor<Float> input, Tensor<Float> gradOutput) {
    Tensor<Float> from = input.contiguous();
    Tensor<Float> dy = gradOutput.contiguous();
    int in = nInputPlane();
    int out = nOutputPlane();
    int pixels = image.outHeight() * image.outWidth();
    KernelRows sums = new KernelRows(out, in, kernel);
    for (int sample = 0; sample < from.size(1); sample++) {
      image.take(Floats.array(from), Floats.offset(from) + sample * in * from.stride(2));
      for (int ky = 0; ky < kernel; ky++) {
        Blas.product(
            in * kernel,
            out,
            pixels,
            1f,
            Form.PLAIN,
            image.rows(ky),
            Form.TRANSPOSED,
            new Matrix(Floats.array(dy), Floats.offset(dy) + sample * out * pixels, pixels),
            1f,
            new Matrix(sums.values(), ky * in * kernel * out, out));
      }
    }
    sums.addTo(Floats.array(gradWeight()), Floats.offset(gradWeight()), (float) getScaleW());
    addBiasGradient(dy);
  }

  /** The gradient by the image of a convolution with a stride, gathered from its shifted copies. */
  private void gathered(Tensor<Float> input, Tensor<Float> gradOutput) {
    Tensor<Float> dy = gradOutput.contiguous();
    int in = nInputPlane();
    int out = nOutputPlane();
    int pixels = image.outHeight() * image.outWidth();
    ShiftedImage sums = new ShiftedImage(in, input.size(3), input.size(4), kernel, stride, padding);
    Tensor<Float> dx = gradInput();
    dx.resizeAs(input);
    rows.take(Floats.array(weight()), Floats.offset(weight()));
    for (int sample = 0; sample < dy.size(1); sample++) {
      sums.clear();
      for (int ky = 0; ky < kernel; ky++) {
        Blas.product(
            in * kernel,
            pixels,
            out,
            1f,
            Form.TRANSPOSED,
            new Matrix(rows.values(), ky * out * in * kernel, in * kernel),
            Form.PLAIN,
            new Matrix(Floats.array(dy), Floats.offset(dy) + sample * out * pixels, pixels),
            1f,
            sums.rows(ky));
      }
      sums.give(Floats.array(dx), Floats.offset(dx) + sample * in * dx.stride(2));
    }
  }

  private void addBiasGradient(Tensor<Float> dy) {
    if (!biased) {
      return;
    }
    int pixels = dy.stride(2);
    int out = nOutputPlane();
    for (int sample = 0; sample < dy.size(1); sample++) {
      Blas.addRowSums(
          Floats.array(dy),
          Floats.offset(dy) + sample * out * pixels,
          out,
          pixels,
          (float) getScaleB(),
          Floats.array(gradBias()),
          Floats.offset(gradBias()));
    }
  }
}
