package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.nn.Dropout;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;

/**
 * Inverted dropout whose masks can be drawn again: BigDL's own draws from an unseeded generator per
 * thread. A mask is a pure function of the seed and of the place in the training that {@link #at}
 * says. Of BigDL's own type, so that it can be taken out again; for training only.
 */
final class SeededDropout extends Dropout<Float> {
  private static final long serialVersionUID = 1L;

  private static final long STRIDE = 0x9E3779B97F4A7C15L;

  private final double rate;
  private final long seed;
  private long place;
  private float[] mask = new float[0];

  /**
   * @param rate the part of the values that is zeroed, above 0 and below 1
   * @param seed the layer's own: of the training and of the layer's name
   */
  SeededDropout(double rate, long seed) {
    super(rate, false, true, Floats.tag(), Floats.numeric());
    this.rate = rate;
    this.seed = seed;
  }

  @Override
  public Tensor<Float> updateOutput(Tensor<Float> input) {
    Tensor<Float> from = input.contiguous();
    Tensor<Float> to = output();
    to.resizeAs(from);
    if (!isTraining()) {
      return to.copy(from);
    }
    int size = from.nElement();
    if (mask.length != size) {
      mask = new float[size];
    }
    float[] x = Floats.array(from);
    float[] y = Floats.array(to);
    int xOffset = Floats.offset(from);
    int yOffset = Floats.offset(to);
    long state = mix(mix(seed) + place);
    float kept = (float) (1 / (1 - rate));
    for (int i = 0; i < size; i++) {
      state += STRIDE;
      // The upper 53 bits, as java.util.Random makes a double of them.
      mask[i] = (mix(state) >>> 11) * 0x1.0p-53 < rate ? 0f : kept;
      y[yOffset + i] = x[xOffset + i] * mask[i];
    }
    return to;
  }

  /**
   * Says which batch comes next.
   *
   * @param batch a number that no other batch of the training has
   */
  void at(long batch) {
    place = batch;
  }

  /** The finaliser of splitmix64 (Steele, Lea and Flood, 2014). */
  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  @Override
  public Tensor<Float> updateGradInput(Tensor<Float> input, Tensor<Float> gradOutput) {
    Tensor<Float> gradient = gradOutput.contiguous();
    Tensor<Float> to = gradInput();
    to.resizeAs(gradient);
    if (!isTraining()) {
      return to.copy(gradient);
    }
    float[] dy = Floats.array(gradient);
    float[] dx = Floats.array(to);
    int dyOffset = Floats.offset(gradient);
    int dxOffset = Floats.offset(to);
    for (int i = 0; i < gradient.nElement(); i++) {
      dx[dxOffset + i] = dy[dyOffset + i] * mask[i];
    }
    return to;
  }
}
