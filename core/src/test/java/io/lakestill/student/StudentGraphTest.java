package io.lakestill.student;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StudentGraphTest {
  private static final Shape IMAGE = Shape.image(1, 8, 8);
  private static final Layer FLATTEN = new Flatten("flat", "input");
  private static final Layer LAST = new Linear("last", "flat", 10, true);

  @Test
  void namesLogitsFirstAndTheOthersInOrder() {
    Layer relu = new Relu("relu", "input");
    StudentGraph graph =
        new StudentGraph(
            IMAGE,
            List.of(relu, new Flatten("flat", "relu"), LAST),
            Map.of("map_b", "relu", "embedding", "flat", "logits", "last", "map_a", "relu"));
    assertThat(graph.outputs().keySet()).containsExactly("logits", "embedding", "map_a", "map_b");
    assertThat(graph.classes()).isEqualTo(10);
    assertThat(graph.shapeOf("input")).isEqualTo(IMAGE);
    assertThat(graph.layer("relu")).isEqualTo(relu);
    assertThat(graph.inputShapes(LAST)).containsExactly(Shape.flat(64));
  }

  @Test
  void refusesUnsoundGraphsWithTheReason() {
    assertRefused(List.of(FLATTEN, LAST), Map.of(), "outputs must name the layer that gives the");
    assertRefused(List.of(FLATTEN, FLATTEN), logits("flat"), "two layers are named 'flat'");
    assertRefused(
        List.of(LAST, FLATTEN), logits("last"), "layer 'last' reads 'flat', which is no layer");
    assertRefused(
        List.of(FLATTEN, new Linear("last", "input", 3, true)),
        logits("last"),
        "layer 'last': a linear layer needs a flat input, its input is [1, 8, 8]");
    assertRefused(
        List.of(FLATTEN, LAST),
        logits("first"),
        "output 'logits' names 'first', which is no layer; layers: flat, last");
    assertRefused(
        List.of(new Relu("relu", "input")),
        logits("relu"),
        "output 'logits' must be flat [width], layer 'relu' gives [1, 8, 8]");
    assertRefused(
        List.of(FLATTEN, new Relu("unused", "flat"), LAST),
        logits("last"),
        "layer 'unused' leads to no output; remove it or name it in outputs");
    assertRefused(
        List.of(FLATTEN, new Linear("last", "flat", Integer.MAX_VALUE, true)),
        logits("last"),
        "layer 'last': parameter 'last.weight' of shape [2147483647, 64] holds more values than");
  }

  @Test
  void asksForLayersAndOutputsThatExist() {
    StudentGraph graph = new StudentGraph(IMAGE, List.of(FLATTEN, LAST), logits("last"));
    assertThatThrownBy(() -> graph.shapeOf("x")).hasMessage("no layer is named 'x'");
    assertThatThrownBy(() -> graph.layer("input")).hasMessage("no layer is named 'input'");
    assertThatThrownBy(() -> graph.outputShape("x")).hasMessage("no output is named 'x'");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void jsonRoundTripKeepsTheGraph(long seed) {
    StudentGraph graph = RandomGraphs.draw(seed);
    ObjectNode json = Json.parse(Json.pretty(graph.toJson()), "graph.json");
    assertThat(read(json)).isEqualTo(graph).hasSameHashCodeAs(graph);
  }

  @Test
  void jsonRoundTripKeepsArchitectures() {
    StudentGraph graph = new ResNet(20, 1.0).graph(Shape.image(3, 32, 32), 10, Map.of());
    assertThat(read(graph.toJson())).isEqualTo(graph);
  }

  @Test
  void jsonIsTheContract() {
    StudentGraph graph = new StudentGraph(IMAGE, List.of(FLATTEN, LAST), logits("last"));
    assertThat(Json.line(graph.toJson()))
        .isEqualTo(
            "{\"input\":[1,8,8],\"layers\":[{\"type\":\"flatten\",\"name\":\"flat\",\"input\":"
                + "\"input\"},{\"type\":\"linear\",\"name\":\"last\",\"input\":\"flat\",\"width\":"
                + "10,\"bias\":true}],\"outputs\":{\"logits\":\"last\"}}");
  }

  @Test
  void jsonWithUnknownKeysIsRead() {
    StudentGraph graph = new StudentGraph(IMAGE, List.of(FLATTEN, LAST), logits("last"));
    ObjectNode json = graph.toJson();
    json.put("later", 1);
    ((ObjectNode) json.get("layers").get(1)).put("later", 1);
    assertThat(read(json)).isEqualTo(graph);
  }

  @Test
  void damagedJsonIsRefusedWithItsPlace() {
    assertDamaged(json -> json.remove("layers"), "'graph.json' has no field 'layers'");
    assertDamaged(
        json -> json.put("input", 3),
        "'graph.json': field 'input' must be a list of whole numbers, is 3");
    assertDamaged(
        json -> ((ArrayNode) json.get("input")).set(0, 1.5),
        "'graph.json': field 'input' must be a list of whole numbers, is [1.5,8,8]");
    assertDamaged(
        json -> layer(json, 1).put("type", "attention"),
        "'graph.json': field 'layers[1].type' must be one of convolution, batch-normalisation");
    assertDamaged(
        json -> layer(json, 1).put("width", "ten"),
        "'graph.json': field 'layers[1].width' must be a whole number below 2^31, is \"ten\"");
    assertDamaged(
        json -> layer(json, 1).put("bias", 1),
        "'graph.json': field 'layers[1].bias' must be true or false, is 1");
    assertDamaged(
        json -> layer(json, 1).put("width", 0),
        "'graph.json': 'layers[1]' is not sound: width must be at least 1, is 0");
    assertDamaged(
        json -> layer(json, 0).remove("input"), "'graph.json' has no field 'layers[0].input'");
    assertDamaged(
        json -> layer(json, 0).put("name", "other"),
        "'graph.json' is not sound: layer 'last' reads 'flat', which is no layer");
  }

  private static StudentGraph read(ObjectNode json) {
    return StudentGraph.fromJson(JsonFields.of(json, "graph.json"));
  }

  private static ObjectNode layer(ObjectNode json, int index) {
    return (ObjectNode) json.get("layers").get(index);
  }

  private static Map<String, String> logits(String layer) {
    return Map.of("logits", layer);
  }

  private static void assertRefused(
      List<Layer> layers, Map<String, String> outputs, String reason) {
    assertThatThrownBy(() -> new StudentGraph(IMAGE, layers, outputs))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(reason);
  }

  private static void assertDamaged(Consumer<ObjectNode> damage, String message) {
    ObjectNode json = new StudentGraph(IMAGE, List.of(FLATTEN, LAST), logits("last")).toJson();
    damage.accept(json);
    assertThatThrownBy(() -> read(json))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining(message);
  }
}
