package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.SpatialMaxPooling;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.DataFormat.NCHW$;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import java.util.Arrays;

/**
 * Max pooling that remembers in an array of ints which value was the largest, the first one of
 * equals; a value that is not a number goes through. Of BigDL's own type, so that it can be taken
 * out again; for training only.
 */
final class ArrayMaxPooling extends SpatialMaxPooling<Float> {
  private static final long serialVersionUID = 1L;

  private final int kernel;
  private final int stride;
  private final int padding;
  private transient int[] largest;

  ArrayMaxPooling(int kernel, int stride, int padding) {
    super(
        kernel,
        kernel,
        stride,
        stride,
        padding,
        padding,
        NCHW$.MODULE$,
        Floats.tag(),
        Floats.numeric());
    this.kernel = kernel;
    this.stride = stride;
    this.padding = padding;
  }

  @Override
  public Tensor<Float> updateOutput(Tensor<Float> input) {
    Tensor<Float> from = Floats.atOrigin(input);
    int height = from.size(3);
    int width = from.size(4);
    int outHeight = (height + 2 * padding - kernel) / stride + 1;
    int outWidth = (width + 2 * padding - kernel) / stride + 1;
    Tensor<Float> to = output();
    to.resize(new int[] {from.size(1), from.size(2), outHeight, outWidth}, null);
    int size = to.nElement();
    if (largest == null || largest.length < size) {
      largest = new int[size];
    }
    float[] x = Floats.array(from);
    float[] y = Floats.array(to);
    boolean pairs = kernel == 2 && stride == 2 && padding == 0;
    int planes = from.size(1) * from.size(2);
    for (int plane = 0, at = 0; plane < planes; plane++) {
      int start = plane * height * width;
      for (int row = 0; row < outHeight; row++, at += outWidth) {
        if (pairs) {
          pairs(x, start + 2 * row * width, width, y, at, outWidth);
        } else {
          windows(x, start, row * stride - padding, height, width, y, at, outWidth);
        }
      }
    }
    return to;
  }

  private void pairs(float[] x, int upper, int width, float[] y, int at, int outWidth) {
    for (int i = 0; i < outWidth; i++) {
      int first = upper + 2 * i;
      int third = first + width;
      int left = x[first + 1] > x[first] || Float.isNaN(x[first + 1]) ? first + 1 : first;
      int right = x[third + 1] > x[third] || Float.isNaN(x[third + 1]) ? third + 1 : third;
      int best = x[right] > x[left] || Float.isNaN(x[right]) ? right : left;
      y[at + i] = x[best];
      largest[at + i] = best;
    }
  }

  private void windows(
      float[] x, int start, int top, int height, int width, float[] y, int at, int outWidth) {
    int firstRow = Math.max(0, top);
    int endRow = Math.min(height, top + kernel);
    for (int i = 0; i < outWidth; i++) {
      int left = i * stride - padding;
      int firstColumn = Math.max(0, left);
      int endColumn = Math.min(width, left + kernel);
      int best = start + firstRow * width + firstColumn;
      for (int row = firstRow; row < endRow; row++) {
        for (int column = firstColumn; column < endColumn; column++) {
          int index = start + row * width + column;
          if (x[index] > x[best] || Float.isNaN(x[index])) {
            best = index;
          }
        }
      }
      y[at + i] = x[best];
      largest[at + i] = best;
    }
  }

  @Override
  public Tensor<Float> updateGradInput(Tensor<Float> input, Tensor<Float> gradOutput) {
    Tensor<Float> gradient = Floats.atOrigin(gradOutput);
    Tensor<Float> to = gradInput();
    to.resizeAs(input);
    float[] dy = Floats.array(gradient);
    float[] dx = Floats.array(to);
    Arrays.fill(dx, 0, to.nElement(), 0f);
    for (int i = 0; i < gradient.nElement(); i++) {
      dx[largest[i]] += dy[i];
    }
    return to;
  }
}
