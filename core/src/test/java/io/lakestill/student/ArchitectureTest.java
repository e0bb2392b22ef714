package io.lakestill.student;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArchitectureTest {

  @Test
  void mlpOfTheDigitsHas2410TrainableParametersAfterItsFirstLayer() {
    StudentGraph graph = graph(new Mlp(List.of(64, 32)), Shape.flat(64), 10);
    assertThat(graph.trainableParameters()).isEqualTo(64 * 64 + 64 + 2_080 + 330);
    assertThat(graph(new Mlp(List.of(32)), Shape.flat(64), 10).trainableParameters())
        .isEqualTo(2_410);
    assertThat(graph.outputShape("embedding")).isEqualTo(Shape.flat(32));
  }

  @Test
  void mlpFlattensImages() {
    StudentGraph image = graph(new Mlp(List.of(32)), Shape.image(1, 8, 8), 10);
    assertThat(image.trainableParameters()).isEqualTo(2_410);
    assertThat(image.layers().get(0)).isEqualTo(new Flatten("flatten", "input"));
  }

  @Test
  void lenetOn28x28Has28874TrainableParameters() {
    StudentGraph graph =
        graph(new LeNet(List.of(8, 16), 5, List.of(32)), Shape.image(1, 28, 28), 10);
    assertThat(graph.trainableParameters()).isEqualTo(28_874);
    assertThat(graph.shapeOf("flatten")).isEqualTo(Shape.flat(16 * 7 * 7));
    assertThat(graph.outputShape("embedding")).isEqualTo(Shape.flat(32));
  }

  @Test
  void lenetWithoutHiddenLayersEmbedsInItsFlattenedImage() {
    StudentGraph graph = graph(new LeNet(List.of(4), 3, List.of()), Shape.image(1, 8, 8), 10);
    assertThat(graph.outputs()).containsEntry("embedding", "flatten");
  }

  /** Counts of the public CIFAR-10 models with projection shortcuts, depth 20 to 56. */
  @ParameterizedTest
  @CsvSource({"20, 272474", "32, 466906", "44, 661338", "56, 855770"})
  void resnetHasTheParametersOfThePublicModels(int depth, long parameters) {
    StudentGraph graph = graph(new ResNet(depth, 1.0), Shape.image(3, 32, 32), 10);
    assertThat(graph.trainableParameters()).isEqualTo(parameters);
    assertThat(graph.shapeOf("stage3.block1.relu2")).isEqualTo(Shape.image(64, 8, 8));
    assertThat(graph.outputShape("embedding")).isEqualTo(Shape.flat(64));
    long weighted =
        graph.layers().stream()
            .filter(layer -> layer instanceof Convolution || layer instanceof Linear)
            .filter(layer -> !layer.name().contains("shortcut"))
            .count();
    assertThat(weighted).isEqualTo(depth);
  }

  @ParameterizedTest
  @CsvSource({"8, 0.0625, 1", "8, 0.5, 8", "14, 2, 32", "20, 4, 64"})
  void resnetTakesAnyWidthThatMakesWholeChannels(int depth, double width, int channels) {
    StudentGraph graph = graph(new ResNet(depth, width), Shape.image(1, 5, 3), 4);
    assertThat(graph.shapeOf("stem.relu").channels()).isEqualTo(channels);
    assertThat(graph.shapeOf("pooling")).isEqualTo(Shape.flat(4 * channels));
  }

  private static StudentGraph graph(Architecture architecture, Shape input, int classes) {
    StudentGraph graph = architecture.graph(input, classes, Map.of());
    assertThat(graph.outputShape("logits")).isEqualTo(Shape.flat(classes));
    return graph;
  }
}
