package io.lakestill.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.lakestill.student.Architecture;
import io.lakestill.student.Dropout;
import io.lakestill.student.Flatten;
import io.lakestill.student.Layer;
import io.lakestill.student.LeNet;
import io.lakestill.student.Linear;
import io.lakestill.student.Mlp;
import io.lakestill.student.Parameters;
import io.lakestill.student.RandomGraphs;
import io.lakestill.student.Relu;
import io.lakestill.student.ResNet;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import io.lakestill.teacher.OnnxFile;
import io.lakestill.teacher.OnnxModel;
import io.lakestill.teacher.OnnxRunner;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OnnxWriterTest {
  private static final int ROWS = 3;
  private static final int GRAPHS = 60;

  @ParameterizedTest
  @ValueSource(ints = {13, 14, 15, 16, 17})
  void onnxRuntimeComputesWhatEachLayerMeans(int opset) throws OrtException {
    Set<Class<?>> kinds = new HashSet<>();
    for (long seed = 100L * opset; seed < 100L * opset + GRAPHS; seed++) {
      StudentGraph graph = RandomGraphs.draw(seed);
      graph.layers().forEach(layer -> kinds.add(layer.getClass()));
      assertComputes(opset, graph, RandomGraphs.parameters(graph, seed), seed);
    }
    assertThat(kinds).containsExactlyInAnyOrder(Layer.class.getPermittedSubclasses());
  }

  @Test
  void onnxRuntimeComputesEveryArchitecture() throws OrtException {
    for (Architecture architecture :
        List.of(
            new Mlp(List.of(9, 7)),
            new LeNet(List.of(3, 4), 5, List.of(6)),
            new LeNet(List.of(2), 3, List.of()),
            new ResNet(14, 0.25))) {
      StudentGraph graph = architecture.graph(Shape.image(2, 9, 8), 5, Map.of());
      assertComputes(13, graph, RandomGraphs.parameters(graph, 5), 5);
    }
  }

  @Test
  void layersWithTwoNamesAndDroppedLayersAreStillOutputs() throws OrtException {
    List<Layer> layers =
        List.of(
            new Dropout("embedding-ish", "input", 0.5),
            new Relu("logits", "embedding-ish"),
            new Flatten("flat", "logits"),
            new Dropout("dropout", "flat", 0.1),
            new Linear("embedding", "dropout", 4, true));
    StudentGraph graph =
        new StudentGraph(
            Shape.image(2, 3, 3),
            layers,
            Map.of(
                "logits", "embedding",
                "embedding", "dropout",
                "map_a", "logits",
                "map_b", "logits",
                "map_c", "embedding-ish"));
    assertComputes(17, graph, RandomGraphs.parameters(graph, 1), 1);
    assertThat(operators(graph)).doesNotContain("Dropout");
  }

  @Test
  void modelSaysItsInputOutputsClassesAndMaker() throws OrtException {
    StudentGraph graph =
        new LeNet(List.of(3), 3, List.of(6))
            .graph(Shape.image(1, 8, 8), 3, Map.of("map_first", "block1.relu"));
    byte[] model =
        new OnnxWriter(13)
            .write(graph, Parameters.initial(graph, 1), List.of("cat", "dog \"x\"", "émeu"));
    try (OrtSession session = OrtEnvironment.getEnvironment().createSession(model)) {
      assertThat(session.getInputNames()).containsExactly("input");
      assertThat(shape(session.getInputInfo().get("input").getInfo())).containsExactly(-1, 1, 8, 8);
      assertThat(session.getOutputNames()).containsExactly("logits", "embedding", "map_first");
      assertThat(shape(session.getOutputInfo().get("logits").getInfo())).containsExactly(-1, 3);
      assertThat(shape(session.getOutputInfo().get("embedding").getInfo())).containsExactly(-1, 6);
      assertThat(shape(session.getOutputInfo().get("map_first").getInfo()))
          .containsExactly(-1, 3, 8, 8);
      assertThat(session.getMetadata().getProducerName()).isEqualTo("lakestill");
      assertThat(session.getMetadata().getCustomMetadata())
          .containsEntry(OnnxWriter.CLASSES, "[\"cat\",\"dog \\\"x\\\"\",\"émeu\"]");
    }
  }

  @Test
  void sameModelGivesTheSameBytes() {
    StudentGraph graph = new ResNet(8, 1.0).graph(Shape.image(3, 8, 8), 2, Map.of());
    List<String> classes = List.of("a", "b");
    byte[] first = new OnnxWriter(13).write(graph, Parameters.initial(graph, 4), classes);
    assertThat(new OnnxWriter(13).write(graph, Parameters.initial(graph, 4), classes))
        .isEqualTo(first);
    assertThat(new OnnxWriter(13).write(graph, Parameters.initial(graph, 5), classes))
        .isNotEqualTo(first);
  }

  @Test
  void anotherOpsetOrAnotherNumberOfClassesIsRefused() {
    assertThatThrownBy(() -> new OnnxWriter(12)).hasMessage("opset must be 13 to 17, is 12");
    assertThatThrownBy(() -> new OnnxWriter(18)).hasMessage("opset must be 13 to 17, is 18");
    StudentGraph graph = new Mlp(List.of(4)).graph(Shape.flat(4), 3, Map.of());
    assertThatThrownBy(
            () -> new OnnxWriter(13).write(graph, Parameters.initial(graph, 1), List.of("a")))
        .hasMessage("1 classes are named, the graph gives 3 logits");
  }

  private static void assertComputes(
      int opset, StudentGraph graph, Parameters parameters, long seed) throws OrtException {
    OnnxFile file =
        OnnxFile.of(new OnnxWriter(opset).write(graph, parameters, classes(graph)), "test.onnx");
    int width = graph.input().width();
    Random random = new Random(seed);
    float[] rows = new float[ROWS * width];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (float) random.nextGaussian();
    }
    List<String> names = new ArrayList<>(graph.outputs().keySet());
    long[] rowShape = graph.input().sizes().stream().mapToLong(Integer::longValue).toArray();
    try (OnnxModel model = OnnxModel.open(file);
        OnnxRunner runner = model.runner("input", rowShape, names, ROWS)) {
      float[][] results = runner.outputArrays();
      runner.run(rows, ROWS, results);
      for (int row = 0; row < ROWS; row++) {
        double[] example = new double[width];
        for (int i = 0; i < width; i++) {
          example[i] = rows[row * width + i];
        }
        Map<String, double[]> expected = ReferenceForward.run(graph, parameters, example);
        for (int k = 0; k < names.size(); k++) {
          assertClose(expected.get(names.get(k)), results[k], row, names.get(k) + " seed " + seed);
        }
      }
    }
  }

  private static void assertClose(double[] expected, float[] all, int row, String name) {
    assertThat(all).as(name).hasSize(ROWS * expected.length);
    double largest = 1;
    for (double value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) all[row * expected.length + i])
          .as("%s row %d value %d", name, row, i)
          .isCloseTo(expected[i], within(1e-5 * largest));
    }
  }

  private static List<String> operators(StudentGraph graph) {
    byte[] model =
        new OnnxWriter(17).write(graph, RandomGraphs.parameters(graph, 1), classes(graph));
    try {
      return ModelProto.parseFrom(model).getGraph().getNodeList().stream()
          .map(NodeProto::getOpType)
          .toList();
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  private static List<String> classes(StudentGraph graph) {
    return IntStream.range(0, graph.classes()).mapToObj(i -> "class " + i).toList();
  }

  private static long[] shape(ai.onnxruntime.ValueInfo info) {
    return ((TensorInfo) info).getShape();
  }
}
