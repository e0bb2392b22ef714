package io.lakestill.student;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.Errors;
import io.lakestill.io.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The JSON of a {@link StudentGraph}: {@code input}, {@code layers}, {@code outputs}. */
final class GraphJson {
  private GraphJson() {}

  static ObjectNode write(StudentGraph graph) {
    ObjectNode json = Json.object();
    ArrayNode input = json.putArray("input");
    graph.input().sizes().forEach(input::add);
    ArrayNode layers = json.putArray("layers");
    graph.layers().forEach(layer -> layers.add(layer.accept(new LayerJson.Writer())));
    ObjectNode outputs = json.putObject("outputs");
    graph.outputs().forEach(outputs::put);
    return json;
  }

  static StudentGraph read(JsonNode json, String origin) {
    List<Integer> input = new ArrayList<>();
    for (JsonNode size : array(json, "input", origin)) {
      input.add(LayerJson.integer(size, "input", origin));
    }
    List<Layer> layers = new ArrayList<>();
    for (JsonNode layer : array(json, "layers", origin)) {
      layers.add(LayerJson.read(layer, origin + ": layers[" + layers.size() + "]"));
    }
    Map<String, String> outputs = new LinkedHashMap<>();
    JsonNode named = Json.required(json, "outputs", origin);
    named.fieldNames().forEachRemaining(name -> outputs.put(name, named.get(name).asText()));
    try {
      return new StudentGraph(new Shape(input), layers, outputs);
    } catch (IllegalArgumentException e) {
      throw Errors.badInput("'" + origin + "' holds no sound graph: " + e.getMessage(), e);
    }
  }

  private static JsonNode array(JsonNode json, String field, String origin) {
    JsonNode array = Json.required(json, field, origin);
    if (!array.isArray()) {
      throw Errors.badInput("'" + origin + "': '" + field + "' must be a list, is " + array);
    }
    return array;
  }
}
