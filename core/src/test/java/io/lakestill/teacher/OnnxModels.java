package io.lakestill.teacher;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.InvalidProtocolBufferException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Small real ONNX models: {@code embedding = x M}, {@code logits = embedding W}, where {@code x} is
 * the flattened input.
 */
public final class OnnxModels {
  private static final int INT64 = TensorProto.DataType.INT64.getNumber();

  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("fixture");

  private OnnxModels(long... rowShape) {
    graph.addInput(tensor("image", rowShape));
    graph.addNode(
        node("Flatten", "flat", "image")
            .addAttribute(
                AttributeProto.newBuilder()
                    .setName("axis")
                    .setType(AttributeProto.AttributeType.INT)
                    .setI(1)));
  }

  /** A model with input {@code image} of {@code [batch, rowShape]}. */
  public static OnnxModels withInput(long... rowShape) {
    return new OnnxModels(rowShape);
  }

  /**
   * Ends in outputs {@code embedding} and {@code logits}.
   *
   * @param first {@code [values, hidden]}, row-major
   * @param second {@code [hidden, classes]}, row-major
   */
  public byte[] linear(float[] first, int hidden, float[] second, int classes) {
    graph.addInitializer(weights("first", first, first.length / hidden, hidden));
    graph.addInitializer(weights("second", second, hidden, classes));
    graph.addNode(node("MatMul", "embedding", "flat", "first"));
    graph.addNode(node("MatMul", "logits", "embedding", "second"));
    graph.addOutput(tensor("embedding", hidden));
    graph.addOutput(tensor("logits", classes));
    return model(graph);
  }

  /** The same model with an output less; its tensor stays inside. */
  public static byte[] hiding(byte[] model, String output) {
    ModelProto.Builder hidden = parsed(model).toBuilder();
    List<ValueInfoProto> kept =
        hidden.getGraph().getOutputList().stream()
            .filter(declared -> !declared.getName().equals(output))
            .toList();
    hidden.getGraphBuilder().clearOutput().addAllOutput(kept);
    return hidden.build().toByteArray();
  }

  /**
   * The same model with tensors inside that no signal can be: {@code shape} is not float, {@code
   * turned} has the batch last, {@code square} is {@code [batch, batch]}, {@code constant} is
   * {@code [2, 3]} for any batch.
   */
  public static byte[] withOddTensors(byte[] model) {
    ModelProto.Builder more = parsed(model).toBuilder();
    more.getGraphBuilder()
        .addNode(node("Shape", "shape", "logits"))
        .addNode(node("Transpose", "turned", "logits"))
        .addNode(node("MatMul", "square", "logits", "turned"))
        .addInitializer(weights("fixed", new float[6], 2, 3))
        .addNode(node("Identity", "constant", "fixed"));
    return more.build().toByteArray();
  }

  /** The same model, which says everything twice of rows whose values have a sum above one. */
  public static byte[] sayingTwice(byte[] model) {
    ModelProto.Builder more = parsed(model).toBuilder();
    GraphProto.Builder graph = more.getGraphBuilder();
    for (NodeProto.Builder node : graph.getNodeBuilderList()) {
      if (node.getOutput(0).equals("logits")) {
        node.setOutput(0, "once");
      }
    }
    graph
        .addInitializer(weights("one", new float[] {1}, 1))
        .addInitializer(whole("keep", 1))
        .addNode(node("ReduceSum", "sum", "flat").addAttribute(integer("keepdims", 0)))
        .addNode(node("Greater", "much", "sum", "one"))
        .addNode(node("Cast", "more", "much").addAttribute(integer("to", INT64)))
        .addNode(node("Add", "columns", "more", "keep"))
        .addNode(node("Concat", "times", "keep", "columns").addAttribute(integer("axis", 0)))
        .addNode(node("Tile", "logits", "once", "times"));
    return more.build().toByteArray();
  }

  private static AttributeProto integer(String name, int value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  private static TensorProto whole(String name, long value) {
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(INT64)
        .addDims(1)
        .addInt64Data(value)
        .build();
  }

  /** The same weights, in a file beside the model, as large models are often saved. */
  public static byte[] withExternalWeights(byte[] model) {
    ModelProto.Builder moved = parsed(model).toBuilder();
    TensorProto.Builder first = moved.getGraphBuilder().getInitializerBuilder(0);
    first.clearFloatData().setDataLocation(TensorProto.DataLocation.EXTERNAL);
    first.addExternalDataBuilder().setKey("location").setValue("weights.bin");
    return moved.build().toByteArray();
  }

  private static ModelProto parsed(byte[] model) {
    try {
      return ModelProto.parseFrom(model);
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError("The fixture is not ONNX", e);
    }
  }

  private static byte[] model(GraphProto.Builder graph) {
    return ModelProto.newBuilder()
        .setIrVersion(7)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(13))
        .setGraph(graph)
        .build()
        .toByteArray();
  }

  private static NodeProto.Builder node(String operator, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setOpType(operator)
        .addOutput(output)
        .addAllInput(Arrays.asList(inputs));
  }

  private static ValueInfoProto tensor(String name, long... rowShape) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    shape.addDimBuilder().setDimParam("batch");
    LongStream.of(rowShape).forEach(size -> shape.addDimBuilder().setDimValue(size));
    TypeProto.Tensor.Builder type =
        TypeProto.Tensor.newBuilder()
            .setElemType(TensorProto.DataType.FLOAT.getNumber())
            .setShape(shape);
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(type))
        .build();
  }

  private static TensorProto weights(String name, float[] values, long... shape) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName(name).setDataType(TensorProto.DataType.FLOAT.getNumber());
    LongStream.of(shape).forEach(tensor::addDims);
    for (float value : values) {
      tensor.addFloatData(value);
    }
    return tensor.build();
  }
}
