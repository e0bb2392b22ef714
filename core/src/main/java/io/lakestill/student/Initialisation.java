package io.lakestill.student;

import io.lakestill.io.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/**
 * The numbers a training starts from.
 *
 * <ul>
 *   <li>convolution: normal with deviation {@code sqrt(2 / (out * kernel * kernel))}, which keeps
 *       the variance of gradients through ReLUs (He et al., 2015, equation 14);
 *   <li>linear: uniform in {@code +-1 / sqrt(in)} (LeCun et al., 1998, section 4.6, as PyTorch
 *       draws it), small enough for an even first softmax;
 *   <li>biases 0; batch normalisation: weight 1, bias 0, mean 0, variance 1.
 * </ul>
 *
 * <p>Each parameter draws from a stream of its own, seeded by {@code hash(seed, name)}, so adding a
 * layer leaves the others as they were. {@link Random} is used because its algorithm is part of its
 * specification: the same bits on every Java.
 *
 * @param seed the seed of the run
 */
record Initialisation(long seed) {

  /** One array per parameter of the graph. */
  Map<String, float[]> values(StudentGraph graph) {
    Map<String, float[]> values = new LinkedHashMap<>();
    for (Layer layer : graph.layers()) {
      for (ParameterSpec spec : layer.parameters(graph.inputShapes(layer))) {
        values.put(spec.name(), values(layer, spec));
      }
    }
    return values;
  }

  private float[] values(Layer layer, ParameterSpec spec) {
    float[] values = new float[spec.size()];
    boolean weight = spec.name().equals(layer.name() + ".weight");
    if (layer instanceof Convolution convolution && weight) {
      int kernel = convolution.kernel() * convolution.kernel();
      drawNormal(spec, Math.sqrt(2.0 / ((double) convolution.channels() * kernel)), values);
    } else if (layer instanceof Linear && weight) {
      drawUniform(spec, 1.0 / Math.sqrt(spec.shape().get(1)), values);
    } else if (weight || spec.name().equals(layer.name() + ".variance")) {
      Arrays.fill(values, 1f);
    }
    return values;
  }

  private void drawNormal(ParameterSpec spec, double deviation, float[] values) {
    Random random = stream(spec);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
  }

  private void drawUniform(ParameterSpec spec, double bound, float[] values) {
    Random random = stream(spec);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (bound * (2 * random.nextDouble() - 1));
    }
  }

  private Random stream(ParameterSpec spec) {
    byte[] key = (seed + ":" + spec.name()).getBytes(StandardCharsets.UTF_8);
    return new Random(ByteBuffer.wrap(Sha256.digest().digest(key)).getLong());
  }
}
