package io.lakestill.export;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.google.protobuf.ByteString;
import io.lakestill.io.Build;
import io.lakestill.io.FloatTensor;
import io.lakestill.io.Json;
import io.lakestill.student.Layer;
import io.lakestill.student.Parameters;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Writes a trained graph as an ONNX model for inference: float32, batch normalisation with its
 * running statistics, no dropout.
 *
 * <p>Input: {@code input [batch, ...]}, the shape of the graph. Outputs: the graph's, by their
 * names, {@code logits} first, each {@code [batch, ...]}; the batch axis is free. The same graph
 * and parameters give the same bytes.
 *
 * @param opset the version of the operator set, 13 to 17
 */
public record OnnxWriter(int opset) {
  /** Metadata: the class names in the order of the logits, as a JSON list. */
  public static final String CLASSES = "lakestill.classes";

  private static final String BATCH = "batch";

  public OnnxWriter {
    if (opset < 13 || opset > 17) {
      throw new IllegalArgumentException("opset must be 13 to 17, is " + opset);
    }
  }

  /**
   * @param classes the class names, one per logit
   * @return the bytes of a model file
   */
  public byte[] write(StudentGraph graph, Parameters parameters, List<String> classes) {
    if (classes.size() != graph.classes()) {
      throw new IllegalArgumentException(
          "%d classes are named, the graph gives %d logits"
              .formatted(classes.size(), graph.classes()));
    }
    GraphProto.Builder nodes = GraphProto.newBuilder().setName("student");
    nodes.addInput(value(Layer.INPUT, graph.input()));
    parameters.tensors().forEach((name, tensor) -> nodes.addInitializer(tensor(name, tensor)));
    new OnnxNodes(graph, nodes).addAll();
    graph.outputs().keySet().forEach(name -> nodes.addOutput(value(name, graph.outputShape(name))));
    ArrayNode names = Json.object().putArray("names");
    classes.forEach(names::add);
    return ModelProto.newBuilder()
        .setIrVersion(irVersion())
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(opset))
        .setProducerName("lakestill")
        .setProducerVersion(Build.version())
        .addMetadataProps(
            StringStringEntryProto.newBuilder().setKey(CLASSES).setValue(Json.line(names)))
        .setGraph(nodes)
        .build()
        .toByteArray();
  }

  /** The format version that came with the operator set (ONNX's table of versions). */
  private int irVersion() {
    return opset < 15 ? 7 : 8;
  }

  private static ValueInfoProto value(String name, Shape shape) {
    TensorShapeProto.Builder axes = TensorShapeProto.newBuilder();
    axes.addDimBuilder().setDimParam(BATCH);
    shape.sizes().forEach(size -> axes.addDimBuilder().setDimValue(size));
    TypeProto.Tensor type =
        TypeProto.Tensor.newBuilder()
            .setElemType(TensorProto.DataType.FLOAT.getNumber())
            .setShape(axes)
            .build();
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(type))
        .build();
  }

  private static TensorProto tensor(String name, FloatTensor tensor) {
    ByteBuffer raw =
        ByteBuffer.allocate(Math.multiplyExact(Float.BYTES, tensor.size()))
            .order(ByteOrder.LITTLE_ENDIAN);
    raw.asFloatBuffer().put(tensor.values());
    TensorProto.Builder proto =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(TensorProto.DataType.FLOAT.getNumber())
            .setRawData(ByteString.copyFrom(raw));
    tensor.shape().forEach(proto::addDims);
    return proto.build();
  }
}
