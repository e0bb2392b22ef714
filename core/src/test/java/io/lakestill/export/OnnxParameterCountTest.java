package io.lakestill.export;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.InvalidProtocolBufferException;
import io.lakestill.student.Architecture;
import io.lakestill.student.LeNet;
import io.lakestill.student.Mlp;
import io.lakestill.student.Parameters;
import io.lakestill.student.ResNet;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import io.lakestill.teacher.OnnxFile;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OnnxParameterCountTest {
  private static final List<String> CLASSES = List.of("a", "b", "c");

  static Stream<Architecture> architectures() {
    return Stream.of(
        new Mlp(List.of(9, 7)), new LeNet(List.of(3, 4), 5, List.of(6)), new ResNet(20, 0.5));
  }

  @ParameterizedTest
  @MethodSource("architectures")
  void exportedModelHasAsManyParametersAsItsGraphTrains(Architecture architecture)
      throws InvalidProtocolBufferException {
    StudentGraph graph = architecture.graph(Shape.image(1, 12, 12), 3, Map.of());
    byte[] model = write(graph);

    assertThat(parameters(model)).isEqualTo(graph.trainableParameters());
    assertThat(parameters(withConstantWeights(model))).isEqualTo(graph.trainableParameters());
  }

  @Test
  void constantsThatNoProductUsesAreNotCounted() throws InvalidProtocolBufferException {
    StudentGraph graph = new Mlp(List.of(4)).graph(Shape.flat(5), 3, Map.of());
    ModelProto.Builder model = ModelProto.parseFrom(write(graph)).toBuilder();
    TensorProto.Builder pair =
        TensorProto.newBuilder().setDataType(TensorProto.DataType.FLOAT.getNumber()).addDims(2);
    model.getGraphBuilder().addNode(constant("unused", pair.addFloatData(1).addFloatData(2)));
    TensorProto.Builder one =
        TensorProto.newBuilder().setDataType(TensorProto.DataType.FLOAT.getNumber());
    model.getGraphBuilder().addNode(constant("one", one.addFloatData(1)));
    model
        .getGraphBuilder()
        .addNode(NodeProto.newBuilder().setOpType("MatMul").addInput("one").addInput("one"));

    assertThat(parameters(model.build().toByteArray())).isEqualTo(graph.trainableParameters());
  }

  private static byte[] write(StudentGraph graph) {
    return new OnnxWriter(13).write(graph, Parameters.initial(graph, 1), CLASSES);
  }

  private static long parameters(byte[] model) {
    return OnnxFile.of(model, "test.onnx").parameters();
  }

  /** The same model, as exporters write it that store the weights of products as constants. */
  private static byte[] withConstantWeights(byte[] model) throws InvalidProtocolBufferException {
    ModelProto.Builder moved = ModelProto.parseFrom(model).toBuilder();
    GraphProto.Builder graph = moved.getGraphBuilder();
    List<String> weights =
        graph.getNodeList().stream()
            .filter(node -> node.getOpType().equals("Gemm") || node.getOpType().equals("Conv"))
            .flatMap(node -> node.getInputList().stream().skip(1))
            .toList();
    assertThat(weights).isNotEmpty();
    List<TensorProto> tensors = List.copyOf(graph.getInitializerList());
    graph.clearInitializer();
    for (TensorProto tensor : tensors) {
      if (weights.contains(tensor.getName())) {
        graph.addNode(0, constant(tensor.getName(), tensor.toBuilder()));
      } else {
        graph.addInitializer(tensor);
      }
    }
    return moved.build().toByteArray();
  }

  private static NodeProto constant(String name, TensorProto.Builder tensor) {
    return NodeProto.newBuilder()
        .setOpType("Constant")
        .addOutput(name)
        .addAttribute(
            AttributeProto.newBuilder()
                .setName("value")
                .setType(AttributeProto.AttributeType.TENSOR)
                .setT(tensor))
        .build();
  }
}
