package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.SpatialBatchNormalization;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.DataFormat.NCHW$;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import java.util.Arrays;

/**
 * Batch normalisation of images, plane by plane: one pass for the statistics, one for the values,
 * and likewise back. Sums over a plane are float, sums of planes double. Of BigDL's own type, so
 * that it can be taken out again; for training only.
 */
final class ArrayBatchNormalisation extends SpatialBatchNormalization<Float> {
  private static final long serialVersionUID = 1L;

  /** Of mean squared by variance: beyond it the sums of squares are too coarse. */
  private static final double FAR = 100;

  private final int channels;
  private final double epsilon;
  private final double momentum;
  private transient double[] mean;
  private transient double[] scale;

  ArrayBatchNormalisation(int channels, double epsilon, double momentum) {
    super(
        channels,
        epsilon,
        momentum,
        true,
        null,
        null,
        null,
        null,
        NCHW$.MODULE$,
        Floats.tag(),
        Floats.numeric());
    this.channels = channels;
    this.epsilon = epsilon;
    this.momentum = momentum;
  }

  @Override
  public Tensor<Float> updateOutput(Tensor<Float> input) {
    Tensor<Float> from = Floats.atOrigin(input);
    Tensor<Float> to = output();
    to.resizeAs(from);
    int samples = from.size(1);
    int pixels = from.stride(2);
    mean = new double[channels];
    scale = new double[channels];
    if (isTraining()) {
      measure(Floats.array(from), samples, pixels);
    } else {
      for (int c = 0; c < channels; c++) {
        mean[c] = Floats.at(runningMean(), c);
        scale[c] = 1 / Math.sqrt(Floats.at(runningVar(), c) + epsilon);
      }
    }
    float[] x = Floats.array(from);
    float[] y = Floats.array(to);
    for (int plane = 0; plane < samples * channels; plane++) {
      int c = plane % channels;
      double factor = scale[c] * Floats.at(weight(), c);
      scaleAndShift(
          x,
          y,
          plane * pixels,
          (plane + 1) * pixels,
          (float) factor,
          (float) (Floats.at(bias(), c) - factor * mean[c]));
    }
    return to;
  }

  /** One pass, plain enough to become vector instructions. */
  private static void scaleAndShift(
      float[] x, float[] y, int from, int to, float factor, float shift) {
    for (int i = from; i < to; i++) {
      y[i] = x[i] * factor + shift;
    }
  }

  private void measure(float[] x, int samples, int pixels) {
    double[] squares = new double[channels];
    float[] sums = new float[channels];
    for (int sample = 0; sample < samples; sample++) {
      int at = sample * channels * pixels;
      Arrays.fill(sums, 0f);
      Blas.addRowSums(x, at, channels, pixels, 1f, sums, 0);
      for (int c = 0; c < channels; c++) {
        int plane = at + c * pixels;
        mean[c] += sums[c];
        squares[c] += Blas.dot(x, plane, x, plane, pixels);
      }
    }
    double count = (double) samples * pixels;
    for (int c = 0; c < channels; c++) {
      mean[c] /= count;
      double variance = squares[c] / count - mean[c] * mean[c];
      if (!(mean[c] * mean[c] < FAR * variance)) {
        variance = variance(x, c, samples, pixels);
      }
      scale[c] = 1 / Math.sqrt(variance + epsilon);
      remember(c, variance * count / (count - 1));
    }
  }

  /** In a second pass, for values far from zero. */
  private double variance(float[] x, int c, int samples, int pixels) {
    double sum = 0;
    for (int sample = 0; sample < samples; sample++) {
      int at = (sample * channels + c) * pixels;
      for (int i = at; i < at + pixels; i++) {
        double off = x[i] - mean[c];
        sum += off * off;
      }
    }
    return sum / ((double) samples * pixels);
  }

  private void remember(int c, double unbiased) {
    Floats.set(runningMean(), c, momentum * mean[c] + (1 - momentum) * Floats.at(runningMean(), c));
    Floats.set(runningVar(), c, momentum * unbiased + (1 - momentum) * Floats.at(runningVar(), c));
  }

  @Override
  public Tensor<Float> backward(Tensor<Float> input, Tensor<Float> gradOutput) {
    gradients(input, gradOutput, getScaleW(), getScaleB());
    return gradInput();
  }

  @Override
  public Tensor<Float> updateGradInput(Tensor<Float> input, Tensor<Float> gradOutput) {
    gradients(input, gradOutput, 0, 0);
    return gradInput();
  }

  @Override
  public void accGradParameters(Tensor<Float> input, Tensor<Float> gradOutput) {
    Tensor<Float> from = Floats.atOrigin(input);
    Sums sums = sums(from, Floats.atOrigin(gradOutput));
    addParameterGradients(sums, getScaleW(), getScaleB());
  }

  /**
   * By channel.
   *
   * @param plain of the gradient
   * @param normalised of the gradient times the normalised values
   */
  private record Sums(double[] plain, double[] normalised) {}

  private Sums sums(Tensor<Float> from, Tensor<Float> gradient) {
    float[] x = Floats.array(from);
    float[] dy = Floats.array(gradient);
    int pixels = from.stride(2);
    double[] plain = new double[channels];
    double[] products = new double[channels];
    float[] planes = new float[channels];
    for (int sample = 0; sample < from.size(1); sample++) {
      int at = sample * channels * pixels;
      Arrays.fill(planes, 0f);
      Blas.addRowSums(dy, at, channels, pixels, 1f, planes, 0);
      for (int c = 0; c < channels; c++) {
        int plane = at + c * pixels;
        plain[c] += planes[c];
        products[c] += Blas.dot(dy, plane, x, plane, pixels);
      }
    }
    for (int c = 0; c < channels; c++) {
      products[c] = (products[c] - mean[c] * plain[c]) * scale[c];
    }
    return new Sums(plain, products);
  }

  private void gradients(
      Tensor<Float> input, Tensor<Float> gradOutput, double scaleW, double scaleB) {
    Tensor<Float> from = Floats.atOrigin(input);
    Tensor<Float> gradient = Floats.atOrigin(gradOutput);
    Sums sums = sums(from, gradient);
    addParameterGradients(sums, scaleW, scaleB);
    Tensor<Float> to = gradInput();
    to.resizeAs(from);
    float[] x = Floats.array(from);
    float[] dy = Floats.array(gradient);
    float[] dx = Floats.array(to);
    int pixels = from.stride(2);
    int planes = from.size(1) * channels;
    // In training the statistics depend on the values, too.
    double count = isTraining() ? (double) from.size(1) * pixels : Double.POSITIVE_INFINITY;
    for (int plane = 0; plane < planes; plane++) {
      int c = plane % channels;
      double factor = Floats.at(weight(), c) * scale[c];
      double slope = -factor * scale[c] * sums.normalised()[c] / count;
      double shift = -factor * sums.plain()[c] / count - slope * mean[c];
      combine(
          dy,
          x,
          dx,
          plane * pixels,
          (plane + 1) * pixels,
          (float) factor,
          (float) slope,
          (float) shift);
    }
  }

  /** One pass, plain enough to become vector instructions. */
  private static void combine(
      float[] dy, float[] x, float[] dx, int from, int to, float factor, float slope, float shift) {
    for (int i = from; i < to; i++) {
      dx[i] = dy[i] * factor + x[i] * slope + shift;
    }
  }

  private void addParameterGradients(Sums sums, double scaleW, double scaleB) {
    for (int c = 0; c < channels; c++) {
      Floats.set(gradWeight(), c, Floats.at(gradWeight(), c) + scaleW * sums.normalised()[c]);
      Floats.set(gradBias(), c, Floats.at(gradBias(), c) + scaleB * sums.plain()[c]);
    }
  }
}
