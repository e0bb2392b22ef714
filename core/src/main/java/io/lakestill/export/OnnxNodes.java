package io.lakestill.export;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import io.lakestill.student.Add;
import io.lakestill.student.AveragePooling;
import io.lakestill.student.BatchNormalisation;
import io.lakestill.student.Convolution;
import io.lakestill.student.Dropout;
import io.lakestill.student.Flatten;
import io.lakestill.student.GlobalAveragePooling;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.MaxPooling;
import io.lakestill.student.Relu;
import io.lakestill.student.StudentGraph;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One ONNX node per layer. The result of a layer is called as the output it is, else {@code
 * <layer>:0}, which no parameter and no output can be called.
 */
final class OnnxNodes implements Layer.Visitor<String> {
  private final StudentGraph graph;
  private final GraphProto.Builder nodes;

  /** The tensor that holds the result of each layer. */
  private final Map<String, String> tensors = new HashMap<>();

  private final Set<String> written = new HashSet<>();

  OnnxNodes(StudentGraph graph, GraphProto.Builder nodes) {
    this.graph = graph;
    this.nodes = nodes;
    tensors.put(Layer.INPUT, Layer.INPUT);
  }

  void addAll() {
    for (Layer layer : graph.layers()) {
      tensors.put(layer.name(), layer.accept(this));
    }
    graph
        .outputs()
        .forEach(
            (output, layer) -> {
              if (!written.contains(output)) {
                // A layer with two names, or one that ONNX does not compute (dropout).
                add(output + ":copy", "Identity", List.of(tensors.get(layer)), output);
              }
            });
  }

  @Override
  public String convolution(Convolution layer) {
    return add(
        layer,
        "Conv",
        weighted(layer, layer.bias()),
        integers("kernel_shape", layer.kernel(), layer.kernel()),
        integers("strides", layer.stride(), layer.stride()),
        padding(layer.padding()));
  }

  @Override
  public String batchNormalisation(BatchNormalisation layer) {
    List<String> inputs = new ArrayList<>(weighted(layer, true));
    inputs.add(layer.name() + ".mean");
    inputs.add(layer.name() + ".variance");
    // ONNX weighs the old statistics, Lakestill (as PyTorch) the new ones; inference reads neither.
    return add(
        layer,
        "BatchNormalization",
        inputs,
        number("epsilon", (float) layer.epsilon()),
        number("momentum", (float) (1 - layer.momentum())));
  }

  @Override
  public String linear(Linear layer) {
    return add(layer, "Gemm", weighted(layer, layer.bias()), integer("transB", 1));
  }

  @Override
  public String relu(Relu layer) {
    return add(layer, "Relu", inputs(layer));
  }

  @Override
  public String maxPooling(MaxPooling layer) {
    return add(
        layer,
        "MaxPool",
        inputs(layer),
        integers("kernel_shape", layer.kernel(), layer.kernel()),
        integers("strides", layer.stride(), layer.stride()),
        padding(layer.padding()));
  }

  @Override
  public String averagePooling(AveragePooling layer) {
    return add(
        layer,
        "AveragePool",
        inputs(layer),
        integers("kernel_shape", layer.kernel(), layer.kernel()),
        integers("strides", layer.stride(), layer.stride()),
        padding(layer.padding()),
        integer("count_include_pad", 1));
  }

  @Override
  public String globalAveragePooling(GlobalAveragePooling layer) {
    String pooled = layer.name() + ":pooled";
    add(layer.name() + ":pool", "GlobalAveragePool", inputs(layer), pooled);
    return add(layer, "Flatten", List.of(pooled), integer("axis", 1));
  }

  @Override
  public String add(Add layer) {
    return add(layer, "Add", inputs(layer));
  }

  @Override
  public String flatten(Flatten layer) {
    return add(layer, "Flatten", inputs(layer), integer("axis", 1));
  }

  @Override
  public String dropout(Dropout layer) {
    return tensors.get(layer.input());
  }

  private List<String> inputs(Layer layer) {
    return layer.inputs().stream().map(tensors::get).toList();
  }

  private List<String> weighted(Layer layer, boolean bias) {
    List<String> inputs = new ArrayList<>(inputs(layer));
    inputs.add(layer.name() + ".weight");
    if (bias) {
      inputs.add(layer.name() + ".bias");
    }
    return inputs;
  }

  private String add(Layer layer, String operator, List<String> inputs, AttributeProto... options) {
    String output =
        graph.outputs().entrySet().stream()
            .filter(entry -> entry.getValue().equals(layer.name()))
            .map(Map.Entry::getKey)
            .findFirst()
            .orElse(layer.name() + ":0");
    return add(layer.name(), operator, inputs, output, options);
  }

  private String add(
      String name, String operator, List<String> inputs, String output, AttributeProto... options) {
    nodes.addNode(
        NodeProto.newBuilder()
            .setName(name)
            .setOpType(operator)
            .addAllInput(inputs)
            .addOutput(output)
            .addAllAttribute(List.of(options)));
    written.add(output);
    return output;
  }

  private static AttributeProto padding(int padding) {
    return integers("pads", padding, padding, padding, padding);
  }

  private static AttributeProto integers(String name, int... values) {
    AttributeProto.Builder attribute =
        AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
    for (int value : values) {
      attribute.addInts(value);
    }
    return attribute.build();
  }

  private static AttributeProto integer(String name, int value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  private static AttributeProto number(String name, float value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.FLOAT)
        .setF(value)
        .build();
  }
}
