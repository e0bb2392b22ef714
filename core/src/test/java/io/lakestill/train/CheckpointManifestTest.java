package io.lakestill.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.SchemaCheck;
import io.lakestill.TestResource;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Json;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class CheckpointManifestTest {
  private static final String GOLDEN = "/golden/checkpoint-manifest.v2.json";
  private static final String FIRST = "/golden/checkpoint-manifest.v1.json";
  private static final String SEVERAL = "/golden/checkpoint-manifest.v1.several.json";
  private static final String SCHEMA = "/io/lakestill/schema/checkpoint-manifest.v%d.schema.json";

  static final StudentGraph GRAPH =
      new StudentGraph(
          Shape.flat(4),
          List.of(new Linear("classes", Layer.INPUT, 3, true)),
          Map.of("logits", "classes"));

  static final TrainingEnvironment ENVIRONMENT =
      new TrainingEnvironment(
          List.of(new TrainingEnvironment.Leg(0, 2, 4), new TrainingEnvironment.Leg(120, 1, 2)),
          List.of("A processor"),
          List.of("Linux amd64"),
          new TreeMap<>(Map.of("java", "17.0.9", "spark", "3.5.7")));

  static CheckpointManifest sample(
      CheckpointManifest.ParameterFile parameters,
      Optional<CheckpointManifest.ParameterFile> heads,
      List<CheckpointManifest.ParameterFile> memory) {
    return new CheckpointManifest(
        "student",
        7,
        GRAPH,
        parameters,
        heads,
        memory,
        2,
        new TrainingHistory(
            List.of(
                TrainingHistoryTest.epoch(1, 0.5, 1.25), TrainingHistoryTest.epoch(2, 0.75, 0.5))),
        new CheckpointManifest.Rows(1000, 100, 8, 2, 1),
        List.of(
            new CheckpointManifest.Signals("resnet", 3, "e".repeat(64)),
            new CheckpointManifest.Signals("vit", 1, "d".repeat(64))),
        List.of("clkd: its third term is our reading"),
        "f".repeat(64),
        "BigDL mklblas, 2 x 4 cores",
        Optional.of(ENVIRONMENT),
        "0.1.0",
        "2026-11-21T10:15:00Z");
  }

  private static final CheckpointManifest SAMPLE =
      sample(
          new CheckpointManifest.ParameterFile("parameters-1.safetensors", 232, "a".repeat(64)),
          Optional.of(
              new CheckpointManifest.ParameterFile("heads-1.safetensors", 120, "b".repeat(64))),
          List.of(
              new CheckpointManifest.ParameterFile("memory-0-1.safetensors", 4096, "c".repeat(64)),
              new CheckpointManifest.ParameterFile(
                  "memory-1-1.safetensors", 2048, "d".repeat(64))));

  @Test
  void readsTheGoldenFile() {
    assertThat(CheckpointManifest.fromJson(golden(), GOLDEN)).isEqualTo(SAMPLE);
  }

  @Test
  void firstFilesOfFormatTwoDoNotSayOnWhatTheyWereTrained() {
    String golden = TestResource.text("/golden/checkpoint-manifest.v2.first.json");
    CheckpointManifest first = CheckpointManifest.fromJson(Json.parse(golden, "golden"), "golden");

    assertThat(first.environment()).isEmpty();
    assertThat(Json.pretty(first.toJson())).isEqualTo(golden);
  }

  @Test
  void readsFormatOneOfOneTeacher() {
    CheckpointManifest first = CheckpointManifest.fromJson(TestResource.json(FIRST), FIRST);

    assertThat(first.signals()).isEqualTo(SAMPLE.signals().subList(0, 1));
    assertThat(first.experimental()).isEmpty();
    assertThat(first.heads()).isEmpty();
    assertThat(first.memory()).isEmpty();
    ObjectNode alone = TestResource.json(FIRST);
    alone.remove("signals");
    assertThat(CheckpointManifest.fromJson(alone, FIRST).signals()).isEmpty();
  }

  @Test
  void readsFormatOneOfSeveralTeachers() {
    ObjectNode json = TestResource.json(SEVERAL);
    assertThat(CheckpointManifest.fromJson(json, SEVERAL).environment()).isEmpty();
    json.set("environment", ENVIRONMENT.toJson());

    assertThat(CheckpointManifest.fromJson(json, SEVERAL))
        .isEqualTo(
            SAMPLE.withMemory(
                List.of(
                    new CheckpointManifest.ParameterFile(
                        "memory-1.safetensors", 4096, "c".repeat(64)))));
  }

  @Test
  void writesTheGoldenFile() {
    assertThat(Json.pretty(SAMPLE.toJson())).isEqualTo(TestResource.text(GOLDEN));
  }

  @Test
  void schemaDeclaresExactlyTheFieldsThatAreWritten() {
    assertThat(SchemaCheck.faultsOfWriter(TestResource.json(SCHEMA.formatted(2)), golden()))
        .isEmpty();
    assertThat(
            SchemaCheck.faultsOfWriter(
                TestResource.json(SCHEMA.formatted(1)), TestResource.json(FIRST)))
        .isEmpty();
  }

  @Test
  void refusesANewerFormat() {
    assertRefused(
        golden().put("format_version", 3), "has format version 3", "use the version that wrote it");
  }

  @Test
  void refusesMissingFields() {
    ObjectNode missing = golden();
    missing.remove("graph");
    assertRefused(missing, "'c.json' has no field 'graph'");

    ObjectNode inner = golden();
    ((ObjectNode) inner.get("history").get(1)).remove("seconds");
    assertRefused(inner, "'c.json' has no field 'history[1].seconds'");
  }

  @Test
  void refusesFieldsOfAnotherType() {
    assertRefused(
        golden().put("seed", "seven"),
        "'c.json': field 'seed' must be a whole number below 2^31, is \"seven\"");

    ObjectNode inner = golden();
    ((ObjectNode) inner.get("history").get(0).get("training_terms")).put("kd-kl", "low");
    assertRefused(inner, "field 'history[0].training_terms.kd-kl' must be a number, is \"low\"");
  }

  @Test
  void refusesABestEpochThatIsNotThere() {
    assertRefused(golden().put("best_epoch", 3), "bestEpoch must be one of 2 epochs", "is 3");
  }

  @Test
  void refusesAFileOutsideItsFolder() {
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

  private static ObjectNode golden() {
    return TestResource.json(GOLDEN);
  }
}
