package io.lakestill.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Json;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CheckpointManifestTest {
  private static final String GOLDEN = "/golden/checkpoint-manifest.v1.json";
  private static final String SCHEMA = "/io/lakestill/schema/checkpoint-manifest.v1.schema.json";

  static final StudentGraph GRAPH =
      new StudentGraph(
          Shape.flat(4),
          List.of(new Linear("classes", Layer.INPUT, 3, true)),
          Map.of("logits", "classes"));

  static CheckpointManifest sample(CheckpointManifest.ParameterFile parameters) {
    return new CheckpointManifest(
        "student",
        7,
        GRAPH,
        parameters,
        2,
        new TrainingHistory(
            List.of(
                TrainingHistoryTest.epoch(1, 0.5, 1.25), TrainingHistoryTest.epoch(2, 0.75, 0.5))),
        new CheckpointManifest.Rows(1000, 100, 8, 2, 1),
        Optional.of(new CheckpointManifest.Signals("resnet", 3, "e".repeat(64))),
        "f".repeat(64),
        "BigDL mklblas, 2 x 4 cores",
        "0.1.0",
        "2026-11-21T10:15:00Z");
  }

  private static final CheckpointManifest SAMPLE =
      sample(new CheckpointManifest.ParameterFile("parameters-1.safetensors", 232, "a".repeat(64)));

  @Test
  void readsTheGoldenFile() throws Exception {
    assertThat(CheckpointManifest.fromJson(golden(), GOLDEN)).isEqualTo(SAMPLE);
  }

  @Test
  void writesTheGoldenFile() throws Exception {
    assertThat(Json.pretty(SAMPLE.toJson())).isEqualTo(text(GOLDEN));
  }

  @Test
  void schemaDeclaresExactlyTheFieldsThatAreWritten() throws Exception {
    assertDeclared(Json.parse(text(SCHEMA), SCHEMA), golden(), "manifest");
  }

  private static void assertDeclared(JsonNode schema, JsonNode value, String where) {
    if (value.isArray()) {
      value.forEach(element -> assertDeclared(schema.get("items"), element, where + "[]"));
    } else if (value.isObject() && schema.has("properties")) {
      assertThat(names(schema.get("properties"))).as(where).containsAll(names(value));
      schema.get("required").forEach(name -> assertThat(names(value)).contains(name.textValue()));
      names(value)
          .forEach(
              name ->
                  assertDeclared(
                      schema.get("properties").get(name), value.get(name), where + "." + name));
    } else {
      List<String> types =
          value.isObject()
              ? List.of("object")
              : value.isTextual()
                  ? List.of("string")
                  : value.isIntegralNumber() ? List.of("integer", "number") : List.of("number");
      assertThat(types).as(where).contains(schema.get("type").textValue());
      if (value.isTextual() && schema.has("pattern")) {
        assertThat(value.textValue()).as(where).matches(schema.get("pattern").textValue());
      }
    }
  }

  private static List<String> names(JsonNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  @Test
  void refusesANewerFormat() throws Exception {
    assertRefused(golden().put("format_version", 2), "has format version 2", "train again");
  }

  @Test
  void refusesMissingFields() throws Exception {
    ObjectNode missing = golden();
    missing.remove("graph");
    assertRefused(missing, "'c.json' has no field 'graph'");
  }

  @Test
  void refusesABestEpochThatIsNotThere() throws Exception {
    assertRefused(golden().put("best_epoch", 3), "bestEpoch must be one of 2 epochs", "is 3");
  }

  @Test
  void refusesAFileOutsideItsFolder() throws Exception {
    ObjectNode outside = golden();
    ((ObjectNode) outside.get("parameters")).put("file", "../secret");
    assertRefused(outside, "must be a plain file name", "'../secret'");
  }

  private static void assertRefused(JsonNode json, String... messages) {
    assertThatThrownBy(() -> CheckpointManifest.fromJson(json, "c.json"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContainingAll(messages);
  }

  private static ObjectNode golden() throws Exception {
    return Json.parse(text(GOLDEN), GOLDEN);
  }

  private static String text(String resource) throws Exception {
    try (InputStream in = CheckpointManifestTest.class.getResourceAsStream(resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
