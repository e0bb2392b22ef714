package io.lakestill.student;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ClassifierLayerTest {

  static Stream<StudentGraph> architectures() {
    return Stream.of(
        new Mlp(List.of(16)).graph(Shape.image(1, 8, 8), 10, Map.of()),
        new LeNet(List.of(4), 3, List.of(12)).graph(Shape.image(1, 8, 8), 10, Map.of()),
        new LeNet(List.of(4), 3, List.of()).graph(Shape.image(1, 8, 8), 10, Map.of()),
        new ResNet(20, 0.25).graph(Shape.image(3, 8, 8), 10, Map.of()));
  }

  @ParameterizedTest
  @MethodSource("architectures")
  void everyArchitectureEndsInALayerOfItsEmbedding(StudentGraph graph) {
    ClassifierLayer last = ClassifierLayer.of(graph, StudentGraph.EMBEDDING);

    int width = graph.outputShape(StudentGraph.EMBEDDING).width();
    assertThat(last.parameters())
        .extracting(ParameterSpec::shape)
        .containsExactly(List.of(10, width), List.of(10));
    assertThat(graph.parameterSpecs()).containsAll(last.parameters());
  }

  @Test
  void saysWhatGivesTheLogitsOrIsReadInstead() {
    List<Layer> layers =
        List.of(
            new Linear("hidden", Layer.INPUT, 6, true),
            new Linear("classes", "hidden", 3, false),
            new Relu("positive", "classes"));
    StudentGraph relu =
        new StudentGraph(
            Shape.flat(4), layers, Map.of("logits", "positive", "embedding", "hidden"));
    StudentGraph nameless =
        new StudentGraph(Shape.flat(4), layers.subList(0, 2), Map.of("logits", "classes"));

    assertThatThrownBy(() -> ClassifierLayer.of(relu, "embedding"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the layer 'positive', which gives the logits, is not linear");
    assertThatThrownBy(() -> ClassifierLayer.of(nameless, "embedding"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "the layer 'classes', which gives the logits, reads 'hidden', and 'embedding' is none;"
                + " the layer it reads must be that output");
  }
}
