package io.lakestill.student;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
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

  static StudentGraph read(JsonFields fields) {
    List<Integer> input = fields.integers("input");
    List<Layer> layers = fields.objects("layers", LayerJson::read);
    Map<String, String> outputs = new LinkedHashMap<>();
    JsonFields named = fields.object("outputs");
    named.keys().forEach(output -> outputs.put(output, named.text(output)));
    return fields.build(() -> new StudentGraph(new Shape(input), layers, outputs));
  }
}
