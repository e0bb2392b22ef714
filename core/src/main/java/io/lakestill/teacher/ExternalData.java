package io.lakestill.teacher;

import ai.onnx.proto.OnnxMl;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds tensors of a model whose values lie outside the ONNX file. */
final class ExternalData {
  private ExternalData() {}

  /** The name of the first such tensor, in graphs, sub-graphs, constants and local functions. */
  static Optional<String> firstIn(OnnxMl.ModelProto model) {
    return Stream.concat(
            tensors(model.getGraph()),
            model.getFunctionsList().stream().flatMap(function -> tensors(function.getNodeList())))
        .filter(tensor -> tensor.getDataLocation() == OnnxMl.TensorProto.DataLocation.EXTERNAL)
        .map(OnnxMl.TensorProto::getName)
        .findFirst();
  }

  private static Stream<OnnxMl.TensorProto> tensors(OnnxMl.GraphProto graph) {
    Stream<OnnxMl.TensorProto> sparse =
        graph.getSparseInitializerList().stream().flatMap(ExternalData::tensors);
    return Stream.of(graph.getInitializerList().stream(), sparse, tensors(graph.getNodeList()))
        .flatMap(stream -> stream);
  }

  private static Stream<OnnxMl.TensorProto> tensors(List<OnnxMl.NodeProto> nodes) {
    return nodes.stream()
        .flatMap(node -> node.getAttributeList().stream())
        .flatMap(ExternalData::tensors);
  }

  private static Stream<OnnxMl.TensorProto> tensors(OnnxMl.AttributeProto attribute) {
    return Stream.of(
            attribute.hasT() ? Stream.of(attribute.getT()) : Stream.<OnnxMl.TensorProto>empty(),
            attribute.getTensorsList().stream(),
            attribute.hasG() ? tensors(attribute.getG()) : Stream.<OnnxMl.TensorProto>empty(),
            attribute.getGraphsList().stream().flatMap(ExternalData::tensors),
            Stream.concat(
                    attribute.hasSparseTensor()
                        ? Stream.of(attribute.getSparseTensor())
                        : Stream.<OnnxMl.SparseTensorProto>empty(),
                    attribute.getSparseTensorsList().stream())
                .flatMap(ExternalData::tensors))
        .flatMap(stream -> stream);
  }

  private static Stream<OnnxMl.TensorProto> tensors(OnnxMl.SparseTensorProto sparse) {
    return Stream.of(sparse.getValues(), sparse.getIndices());
  }
}
