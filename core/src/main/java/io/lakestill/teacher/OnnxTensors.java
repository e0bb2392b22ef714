package io.lakestill.teacher;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.util.List;
import java.util.stream.Stream;

/** Every tensor whose values a model brings, wherever ONNX lets one stand. */
final class OnnxTensors {
  private OnnxTensors() {}

  /** Of graphs, sub-graphs, constants, local functions and training steps. */
  static Stream<TensorProto> of(ModelProto model) {
    return Stream.of(
            of(model.getGraph()),
            model.getFunctionsList().stream().flatMap(function -> of(function.getNodeList())),
            model.getTrainingInfoList().stream()
                .flatMap(step -> Stream.of(step.getInitialization(), step.getAlgorithm()))
                .flatMap(OnnxTensors::of))
        .flatMap(stream -> stream);
  }

  private static Stream<TensorProto> of(GraphProto graph) {
    return Stream.of(
            graph.getInitializerList().stream(),
            graph.getSparseInitializerList().stream().flatMap(OnnxTensors::of),
            of(graph.getNodeList()))
        .flatMap(stream -> stream);
  }

  private static Stream<TensorProto> of(List<NodeProto> nodes) {
    return nodes.stream()
        .flatMap(node -> node.getAttributeList().stream())
        .flatMap(OnnxTensors::of);
  }

  private static Stream<TensorProto> of(AttributeProto attribute) {
    return Stream.of(
            attribute.hasT() ? Stream.of(attribute.getT()) : Stream.<TensorProto>empty(),
            attribute.getTensorsList().stream(),
            attribute.hasG() ? of(attribute.getG()) : Stream.<TensorProto>empty(),
            attribute.getGraphsList().stream().flatMap(OnnxTensors::of),
            attribute.hasSparseTensor()
                ? of(attribute.getSparseTensor())
                : Stream.<TensorProto>empty(),
            attribute.getSparseTensorsList().stream().flatMap(OnnxTensors::of))
        .flatMap(stream -> stream);
  }

  private static Stream<TensorProto> of(SparseTensorProto sparse) {
    return Stream.of(sparse.getValues(), sparse.getIndices());
  }
}
