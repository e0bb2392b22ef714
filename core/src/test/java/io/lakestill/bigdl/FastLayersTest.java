package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractModule;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import com.intel.analytics.bigdl.dllib.utils.Table;
import io.lakestill.bigdl.ArrayConvolution.InputGradient;
import io.lakestill.bigdl.ModuleBuilder.Purpose;
import io.lakestill.student.BatchNormalisation;
import io.lakestill.student.Convolution;
import io.lakestill.student.Flatten;
import io.lakestill.student.GlobalAveragePooling;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.MaxPooling;
import io.lakestill.student.Relu;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Our layers do what BigDL's do, forward and back, and their gradients are the derivatives. */
class FastLayersTest {
  private static LayerPair convolution(
      int in, int out, int kernel, int stride, int padding, boolean bias, Shape image) {
    // A ReLU before it, so that its gradient by the input is wanted.
    Layer before = new Relu("before", Layer.INPUT);
    return pair(
        new Convolution("layer", "before", out, kernel, stride, padding, bias),
        List.of(before),
        image,
        "convolution %d to %d, kernel %d, stride %d, padding %d"
            .formatted(in, out, kernel, stride, padding));
  }

  private static LayerPair pair(Layer layer, List<Layer> before, Shape input, String name) {
    List<Layer> layers = new ArrayList<>(before);
    layers.add(layer);
    layers.add(new Flatten("flat", layer.name()));
    StudentGraph graph = new StudentGraph(input, layers, Map.of("logits", "flat"));
    return LayerPair.of(
        name,
        layer.accept(new ModuleBuilder(graph, Purpose.TRAINING_ON_BIGDL, 1)),
        layer.accept(new ModuleBuilder(graph, Purpose.TRAINING, 1)),
        input.sizes().toArray(Integer[]::new));
  }

  static Stream<LayerPair> layers() {
    return Stream.of(
        convolution(3, 4, 3, 1, 1, true, Shape.image(3, 6, 5)),
        convolution(3, 4, 3, 1, 1, false, Shape.image(3, 5, 6)),
        convolution(2, 3, 5, 1, 2, true, Shape.image(2, 7, 7)),
        convolution(2, 3, 3, 1, 0, true, Shape.image(2, 6, 7)),
        convolution(2, 3, 4, 1, 1, true, Shape.image(2, 7, 6)),
        convolution(2, 3, 3, 2, 1, false, Shape.image(2, 8, 8)),
        convolution(2, 3, 3, 2, 1, true, Shape.image(2, 7, 9)),
        convolution(3, 5, 1, 1, 0, true, Shape.image(3, 4, 5)),
        convolution(3, 5, 1, 2, 0, false, Shape.image(3, 8, 6)),
        convolution(2, 3, 5, 3, 2, true, Shape.image(2, 11, 10)),
        pair(
            new Linear("layer", "before", 7, true),
            List.of(new Relu("before", Layer.INPUT)),
            Shape.flat(9),
            "linear"),
        pair(
            new Linear("layer", "before", 7, false),
            List.of(new Relu("before", Layer.INPUT)),
            Shape.flat(9),
            "linear without bias"),
        pair(
            new BatchNormalisation("layer", Layer.INPUT, 1e-5, 0.1),
            List.of(),
            Shape.image(3, 4, 5),
            "batch normalisation"),
        pair(
            new GlobalAveragePooling("layer", Layer.INPUT),
            List.of(),
            Shape.image(3, 4, 5),
            "global average pooling"),
        pair(
            new MaxPooling("layer", Layer.INPUT, 2, 2, 0),
            List.of(),
            Shape.image(3, 6, 8),
            "max pooling by pairs"),
        pair(
            new MaxPooling("layer", Layer.INPUT, 2, 2, 0),
            List.of(),
            Shape.image(3, 7, 5),
            "max pooling by pairs with a rest"),
        pair(
            new MaxPooling("layer", Layer.INPUT, 3, 2, 1),
            List.of(),
            Shape.image(3, 7, 8),
            "max pooling of overlapping windows"));
  }

  @ParameterizedTest
  @MethodSource("layers")
  void agreesWithBigDlsOwnForwardAndBack(LayerPair pair) {
    pair.requireAgreement();
  }

  @ParameterizedTest
  @MethodSource("layers")
  void hasTheDerivativesAsGradients(LayerPair pair) {
    pair.requireDifferences();
  }

  @Test
  void normalisesByRunningStatisticsOnceTrained() {
    LayerPair pair =
        pair(
            new BatchNormalisation("layer", Layer.INPUT, 1e-5, 0.1),
            List.of(),
            Shape.image(3, 4, 5),
            "batch normalisation");
    for (int i = 0; i < 2; i++) {
      Floats.fill(pair.ours().parameters()._1()[i], Floats.values(pair.own().parameters()._1()[i]));
    }
    Tensor<Float> input = Floats.tensor(LayerPair.normal(4 * 60, 3), 4, 3, 4, 5);
    pair.own().forward(input);
    pair.ours().forward(input);

    pair.own().evaluate();
    pair.ours().evaluate();

    assertThat(Floats.values(pair.ours().forward(input).toTensor(Floats.numeric())))
        .usingComparatorWithPrecision(1e-4f)
        .containsExactly(Floats.values(pair.own().forward(input).toTensor(Floats.numeric())));
  }

  @Test
  void normalisesValuesFarFromZero() {
    float[] values = LayerPair.normal(6 * 60, 3);
    for (int i = 0; i < values.length; i++) {
      values[i] += 1000;
    }
    ArrayBatchNormalisation layer = new ArrayBatchNormalisation(3, 1e-5, 0.1);
    layer.weight().fill(1f);
    float[] output = Floats.values(layer.forward(Floats.tensor(values, 6, 3, 4, 5)));

    double squares = 0;
    for (float value : output) {
      squares += (double) value * value;
    }
    assertThat(squares / output.length).isCloseTo(1, within(1e-3));
  }

  @Test
  void passesOnTheGradientOfASumToEachOfItsInputsInACopyOfItsOwn() {
    ArrayAdd add = new ArrayAdd();
    Tensor<Float> first = Floats.tensor(LayerPair.normal(12, 1), 3, 4);
    Tensor<Float> second = Floats.tensor(LayerPair.normal(12, 2), 3, 4);
    Tensor<Float> third = Floats.tensor(LayerPair.normal(12, 3), 3, 4);
    Table inputs = new Table(new Object[] {first, second, third});

    float[] sum = Floats.values(add.forward(inputs));
    Tensor<Float> gradient = Floats.tensor(LayerPair.normal(12, 4), 3, 4);
    Table back = add.backward(inputs, gradient);

    for (int i = 0; i < 12; i++) {
      assertThat(sum[i])
          .isCloseTo(
              Floats.values(first)[i] + Floats.values(second)[i] + Floats.values(third)[i],
              within(1e-6f));
    }
    for (int part = 1; part <= 3; part++) {
      Tensor<Float> passed = back.<Tensor<Float>>apply(part);
      assertThat(Floats.values(passed)).isEqualTo(Floats.values(gradient));
      passed.fill(0f);
    }
    assertThat(Floats.values(gradient)).isEqualTo(LayerPair.normal(12, 4));
  }

  @Test
  void leavesTheGradientByTheRowsOut() {
    ArrayLinear linear = new ArrayLinear(3, 2, true, InputGradient.UNUSED);
    Tensor<Float> input = Floats.tensor(LayerPair.normal(12, 1), 4, 3);
    Tensor<Float> gradient = Floats.tensor(LayerPair.normal(8, 2), 4, 2);
    linear.forward(input);

    assertThat(Floats.values(linear.backward(input, gradient))).containsOnly(0f);
    assertThat(Floats.values(linear.gradWeight())).isNotEqualTo(new float[6]);
  }

  @Test
  void poolsNotANumberThrough() {
    float[] values = LayerPair.normal(16, 1);
    values[6] = Float.NaN;
    for (int stride : new int[] {1, 2}) {
      ArrayMaxPooling pooling = new ArrayMaxPooling(2, stride, 0);
      assertThat(Floats.values(pooling.forward(Floats.tensor(values, 1, 1, 4, 4))))
          .contains(Float.NaN);
    }
  }

  @Test
  void trainsOnAfterATripThroughSerialisation() {
    ArrayConvolution layer = new ArrayConvolution(2, 3, 3, 1, 1, true, InputGradient.NEEDED);
    Tensor<Float> input = Floats.tensor(LayerPair.normal(2 * 32, 1), 2, 2, 4, 4);
    float[] before = Floats.values(layer.forward(input));

    AbstractModule<Tensor<Float>, Tensor<Float>, Float> copy = layer.cloneModule();

    assertThat(Floats.values(copy.forward(input))).isEqualTo(before);
  }
}
