package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractModule;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.assertj.core.data.Offset;

/**
 * One layer twice, with the same random weights: of BigDL and ours. The seed is in every message.
 *
 * @param own BigDL's
 * @param ours Lakestill's
 * @param shape of one row of its input
 */
record LayerPair(
    String name,
    AbstractModule<Activity, Activity, Float> own,
    AbstractModule<Activity, Activity, Float> ours,
    List<Integer> shape) {
  private static final long SEED = 20261121;

  /** Steps of a quotient of differences, by the magnitude of single precision's error. */
  private static final float STEP = 1e-2f;

  @SuppressWarnings({"unchecked", "rawtypes"}) // BigDL's layers differ in their activities.
  static LayerPair of(
      String name,
      AbstractModule<?, ?, Float> own,
      AbstractModule<?, ?, Float> ours,
      Integer... shape) {
    return new LayerPair(name, (AbstractModule) own, (AbstractModule) ours, List.of(shape));
  }

  @Override
  public String toString() {
    return name;
  }

  static float[] normal(int size, long seed) {
    Random random = new Random(seed);
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private int width() {
    return shape.stream().reduce(1, (a, b) -> a * b);
  }

  private Tensor<Float> rows(int rows, long seed) {
    int[] sizes = new int[shape.size() + 1];
    sizes[0] = rows;
    for (int i = 0; i < shape.size(); i++) {
      sizes[i + 1] = shape.get(i);
    }
    return Floats.tensor(normal(rows * width(), seed), sizes);
  }

  /**
   * Two steps, so that gradients add up and buffers are used again; then fewer rows, where BigDL
   * needs a layer of its own: its convolution cannot shrink.
   */
  void requireAgreement() {
    for (int i = 0; i < weights(own).size(); i++) {
      float[] values = normal(weights(own).get(i).length, SEED + 10 + i);
      Floats.fill(own.parameters()._1()[i], values);
      Floats.fill(ours.parameters()._1()[i], values);
    }
    AbstractModule<Activity, Activity, Float> fresh = own.cloneModule();
    own.zeroGradParameters();
    ours.zeroGradParameters();
    requireAgreement(5, SEED);
    requireAgreement(5, SEED + 100);
    fresh.zeroGradParameters();
    ours.zeroGradParameters();
    if (own.getExtraParameter() != null) {
      for (int i = 0; i < own.getExtraParameter().length; i++) {
        Floats.fill(fresh.getExtraParameter()[i], Floats.values(own.getExtraParameter()[i]));
      }
    }
    new LayerPair(name, fresh, ours, shape).requireAgreement(3, SEED + 200);
  }

  private void requireAgreement(int rows, long seed) {
    Tensor<Float> input = rows(rows, seed);
    Tensor<Float> output = own.forward(input).toTensor(Floats.numeric());
    same("output", output, ours.forward(input).toTensor(Floats.numeric()), seed);
    Tensor<Float> gradient = Floats.tensor(normal(output.nElement(), seed + 1), output.size());
    Tensor<Float> back = own.backward(input, gradient).toTensor(Floats.numeric());
    same("input gradient", back, ours.backward(input, gradient).toTensor(Floats.numeric()), seed);
    for (int i = 0; i < weights(own).size(); i++) {
      same("parameter gradient " + i, own.parameters()._2()[i], ours.parameters()._2()[i], seed);
    }
    if (own.getExtraParameter() != null) {
      for (int i = 0; i < own.getExtraParameter().length; i++) {
        same("running " + i, own.getExtraParameter()[i], ours.getExtraParameter()[i], seed);
      }
    }
    Tensor<Float> again = ours.updateGradInput(input, gradient).toTensor(Floats.numeric());
    same("input gradient alone", back, again, seed);
  }

  /** The gradients of a random projection of the output against differences of it. */
  void requireDifferences() {
    Tensor<Float> input = rows(3, SEED);
    int size = ours.forward(input).toTensor(Floats.numeric()).nElement();
    float[] direction = normal(size, SEED + 1);
    int[] sizes = ours.forward(input).toTensor(Floats.numeric()).size();
    ours.zeroGradParameters();
    float[] byInput =
        Floats.values(
            ours.backward(input, Floats.tensor(direction, sizes)).toTensor(Floats.numeric()));
    requireDifferences("input", input, byInput, input, direction);
    for (int i = 0; i < weights(ours).size(); i++) {
      requireDifferences(
          "parameter " + i,
          ours.parameters()._1()[i],
          Floats.values(ours.parameters()._2()[i]),
          input,
          direction);
    }
  }

  private void requireDifferences(
      String what, Tensor<Float> moved, float[] gradient, Tensor<Float> input, float[] direction) {
    float[] values = Floats.array(moved);
    int offset = Floats.offset(moved);
    int step = Math.max(1, gradient.length / 40);
    for (int i = 0; i < gradient.length; i += step) {
      float at = values[offset + i];
      values[offset + i] = at + STEP;
      double above = projection(input, direction);
      values[offset + i] = at - STEP;
      double below = projection(input, direction);
      values[offset + i] = at;
      double expected = (above - below) / (2 * STEP);
      assertThat((double) gradient[i])
          .as("%s: gradient by %s [%d], seed %d", name, what, i, SEED)
          .isCloseTo(expected, Offset.offset(0.01 * (1 + Math.abs(expected))));
    }
  }

  private double projection(Tensor<Float> input, float[] direction) {
    float[] output = Floats.values(ours.forward(input).toTensor(Floats.numeric()));
    double sum = 0;
    for (int i = 0; i < output.length; i++) {
      sum += (double) output[i] * direction[i];
    }
    return sum;
  }

  private static List<float[]> weights(AbstractModule<Activity, Activity, Float> layer) {
    List<float[]> values = new ArrayList<>();
    if (layer.parameters() != null) {
      for (Tensor<Float> tensor : layer.parameters()._1()) {
        values.add(Floats.values(tensor));
      }
    }
    return values;
  }

  /** Within 1e-4 of the largest value. */
  private void same(String what, Tensor<Float> expected, Tensor<Float> actual, long seed) {
    assertThat(actual.size()).as("%s: shape of %s", name, what).isEqualTo(expected.size());
    float[] one = Floats.values(expected);
    float[] other = Floats.values(actual);
    float largest = 1;
    for (float value : one) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < one.length; i++) {
      assertThat(other[i])
          .as("%s: %s [%d], seed %d", name, what, i, seed)
          .isCloseTo(one[i], Offset.offset(1e-4f * largest));
    }
  }
}
