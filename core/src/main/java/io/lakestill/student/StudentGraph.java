package io.lakestill.student;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.JsonFields;
import io.lakestill.student.ParameterSpec.Role;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A model as data: layers in the order they are computed, and the layers whose results have names
 * the outside knows. Sound by construction: layer names are unique, every input comes before its
 * reader, all shapes fit, and every layer leads to an output.
 *
 * <p>Outputs: {@code logits [classes]} always; {@code embedding [width]} and any number of {@code
 * map_<label> [channels, height, width]} if named. {@code logits} comes first, the others in the
 * order of their names.
 */
public final class StudentGraph {
  /** The name of the output that holds one logit per class. */
  public static final String LOGITS = "logits";

  /** The name of the output that holds the vector the classes are told apart by. */
  public static final String EMBEDDING = "embedding";

  private final Shape input;
  private final Map<String, Layer> layers;
  private final Map<String, Shape> shapes;
  private final Map<String, String> outputs;

  /**
   * @param input the shape of one example
   * @param layers in the order they are computed
   * @param outputs output name to layer name
   * @throws IllegalArgumentException naming the layer or output that is refused, and why
   */
  public StudentGraph(Shape input, List<Layer> layers, Map<String, String> outputs) {
    this.input = input;
    this.layers = new LinkedHashMap<>();
    this.shapes = new LinkedHashMap<>();
    shapes.put(Layer.INPUT, input);
    for (Layer layer : layers) {
      append(layer);
    }
    this.outputs = ordered(outputs);
    this.outputs.forEach(this::checkOutput);
    refuseUnused();
  }

  private void append(Layer layer) {
    if (shapes.containsKey(layer.name())) {
      throw new IllegalArgumentException("two layers are named '" + layer.name() + "'");
    }
    List<Shape> inputs = new ArrayList<>();
    for (String name : layer.inputs()) {
      Shape shape = shapes.get(name);
      if (shape == null) {
        throw new IllegalArgumentException(
            "layer '%s' reads '%s', which is no layer before it".formatted(layer.name(), name));
      }
      inputs.add(shape);
    }
    try {
      shapes.put(layer.name(), layer.outputShape(inputs));
      layer.parameters(inputs);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("layer '" + layer.name() + "': " + e.getMessage(), e);
    }
    layers.put(layer.name(), layer);
  }

  private static Map<String, String> ordered(Map<String, String> outputs) {
    Map<String, String> ordered = new LinkedHashMap<>();
    if (!outputs.containsKey(LOGITS)) {
      throw new IllegalArgumentException("outputs must name the layer that gives the logits");
    }
    ordered.put(LOGITS, outputs.get(LOGITS));
    ordered.putAll(new TreeMap<>(outputs));
    return Collections.unmodifiableMap(ordered);
  }

  private void checkOutput(String output, String layer) {
    if (!layers.containsKey(layer)) {
      throw new IllegalArgumentException(
          "output '%s' names '%s', which is no layer; layers: %s"
              .formatted(output, layer, String.join(", ", layers.keySet())));
    }
    boolean map = output.matches("map_[0-9A-Za-z_]{1,64}");
    if (!map && !output.equals(LOGITS) && !output.equals(EMBEDDING)) {
      throw new IllegalArgumentException(
          "output must be logits, embedding or map_ and letters, digits or '_', is '%s'"
              .formatted(output));
    }
    if (map != shapes.get(layer).isImage()) {
      throw new IllegalArgumentException(
          "output '%s' must be %s, layer '%s' gives %s"
              .formatted(
                  output,
                  map ? "images [channels, height, width]" : "flat [width]",
                  layer,
                  shapes.get(layer)));
    }
  }

  private void refuseUnused() {
    Set<String> used = new HashSet<>(outputs.values());
    List<Layer> backwards = new ArrayList<>(layers.values());
    Collections.reverse(backwards);
    for (Layer layer : backwards) {
      if (!used.contains(layer.name())) {
        throw new IllegalArgumentException(
            "layer '%s' leads to no output; remove it or name it in outputs"
                .formatted(layer.name()));
      }
      used.addAll(layer.inputs());
    }
  }

  public Shape input() {
    return input;
  }

  /** The layers in the order they are computed. */
  public List<Layer> layers() {
    return List.copyOf(layers.values());
  }

  /** Output name to layer name: {@code logits} first, then by name. */
  public Map<String, String> outputs() {
    return outputs;
  }

  /** The number of logits. */
  public int classes() {
    return outputShape(LOGITS).width();
  }

  /** The shape of a named output. */
  public Shape outputShape(String output) {
    if (!outputs.containsKey(output)) {
      throw new IllegalArgumentException("no output is named '" + output + "'");
    }
    return shapeOf(outputs.get(output));
  }

  /** The shape that a layer gives, or that of the examples for {@link Layer#INPUT}. */
  public Shape shapeOf(String layer) {
    return known(shapes, layer);
  }

  public Layer layer(String name) {
    return known(layers, name);
  }

  private static <T> T known(Map<String, T> byLayer, String name) {
    T value = byLayer.get(name);
    if (value == null) {
      throw new IllegalArgumentException("no layer is named '" + name + "'");
    }
    return value;
  }

  /** The shapes a layer reads, one per name of {@link Layer#inputs()}. */
  public List<Shape> inputShapes(Layer layer) {
    return layer.inputs().stream().map(this::shapeOf).toList();
  }

  /** The parameters of all layers, in the order of the layers. */
  public List<ParameterSpec> parameterSpecs() {
    return layers.values().stream()
        .flatMap(layer -> layer.parameters(inputShapes(layer)).stream())
        .toList();
  }

  /** How many numbers the optimizer changes. */
  public long trainableParameters() {
    return parameterSpecs().stream()
        .filter(spec -> spec.role() == Role.TRAINABLE)
        .mapToLong(ParameterSpec::size)
        .sum();
  }

  public ObjectNode toJson() {
    return GraphJson.write(this);
  }

  /**
   * @throws io.lakestill.error.LakestillException (exit 3) when it is no sound graph
   */
  public static StudentGraph fromJson(JsonFields fields) {
    return GraphJson.read(fields);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof StudentGraph graph
        && input.equals(graph.input)
        && layers().equals(graph.layers())
        && outputs.equals(graph.outputs);
  }

  @Override
  public int hashCode() {
    return 31 * layers().hashCode() + outputs.hashCode();
  }

  @Override
  public String toString() {
    return "StudentGraph[" + input + ", " + layers.size() + " layers, outputs " + outputs + "]";
  }
}
