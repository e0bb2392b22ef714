package io.lakestill.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.SchemaCheck;
import io.lakestill.TestResource;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.export.BundleProvenance.SignalTableVersion;
import io.lakestill.io.Json;
import io.lakestill.student.Mlp;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BundleManifestTest {
  private static final BundleManifest MANIFEST =
      Bundles.manifest()
          .withFiles(
              List.of(
                  new BundleFile("parameters.safetensors", 300, "c".repeat(64)),
                  new BundleFile("student.onnx", 1234, "d".repeat(64))));

  @Test
  void goldenFileOfVersionOneStillLoadsAndIsStillWritten() {
    String golden = TestResource.text("/io/lakestill/export/bundle.v1.json");
    assertThat(BundleManifest.fromJson(Json.parse(golden, "golden"), "golden")).isEqualTo(MANIFEST);
    assertThat(Json.pretty(MANIFEST.toJson())).isEqualTo(golden);
  }

  @Test
  void firstFilesDoNotSayOnWhatTheyWereTrained() {
    String golden = TestResource.text("/io/lakestill/export/bundle.v1.first.json");
    BundleManifest first = BundleManifest.fromJson(Json.parse(golden, "golden"), "golden");

    assertThat(first.provenance().environment()).isEmpty();
    assertThat(Json.pretty(first.toJson())).isEqualTo(golden);
  }

  @Test
  void schemaDescribesWhatIsWritten() {
    ObjectNode schema = TestResource.json("/io/lakestill/schema/bundle.v1.schema.json");
    assertThat(SchemaCheck.faultsOfWriter(schema, MANIFEST.toJson())).isEmpty();
    ObjectNode bare = Bundles.manifest(List.of(), 1).toJson();
    assertThat(SchemaCheck.faultsOfWriter(schema, bare)).isEmpty();
  }

  @Test
  void signalTableIsAbsentWhenThereWasNoTeacher() {
    BundleManifest manifest = Bundles.manifest(List.of(), 1);
    assertThat(manifest.toJson().has("signal_table")).isFalse();
    assertThat(BundleManifest.fromJson(manifest.toJson(), "bundle.json")).isEqualTo(manifest);
  }

  @Test
  void namesTheTableOfEachOfSeveralTeachers() {
    BundleManifest manifest =
        Bundles.manifest(
            List.of(
                new SignalTableVersion("lake/signals/resnet", 3, "b".repeat(64)),
                new SignalTableVersion("lake/signals/vit", 1, "c".repeat(64))),
            1);

    ObjectNode json = manifest.toJson();

    assertThat(json.has("signal_table")).isFalse();
    assertThat(json.get("signal_tables")).hasSize(2);
    ObjectNode schema = TestResource.json("/io/lakestill/schema/bundle.v1.schema.json");
    assertThat(SchemaCheck.faultsOfWriter(schema, json)).isEmpty();
    assertThat(BundleManifest.fromJson(json, "bundle.json")).isEqualTo(manifest);
  }

  @Test
  void saysWhichDatesWereReadAndHowManyExamplesWereNotUsed() {
    BundleManifest manifest =
        Bundles.manifest(
            List.of(
                new SignalTableVersion(
                    "lake/signals/resnet",
                    3,
                    "b".repeat(64),
                    List.of("2026-11-02", "2026-11-03"),
                    OptionalLong.of(17))),
            1);

    ObjectNode json = manifest.toJson();

    assertThat(json.at("/signal_table/dates").toString())
        .isEqualTo("[\"2026-11-02\",\"2026-11-03\"]");
    assertThat(json.at("/signal_table/unused").asLong()).isEqualTo(17);
    ObjectNode schema = TestResource.json("/io/lakestill/schema/bundle.v1.schema.json");
    assertThat(SchemaCheck.faultsOfWriter(schema, json)).isEmpty();
    assertThat(BundleManifest.fromJson(json, "bundle.json")).isEqualTo(manifest);
  }

  @Test
  void unknownFieldsArePassedOver() {
    ObjectNode json = MANIFEST.toJson().put("later", true);
    ((ObjectNode) json.get("features")).put("later", true);
    assertThat(BundleManifest.fromJson(json, "bundle.json")).isEqualTo(MANIFEST);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "format_version",
        "created",
        "code_version",
        "fingerprint",
        "role",
        "opset",
        "largest_logit_difference",
        "parameters",
        "classes",
        "features",
        "outputs",
        "seed",
        "best_epoch",
        "files",
        "graph",
        "recipe"
      })
  void missingFieldsAreRefusedByName(String field) {
    assertRefused(
        json -> json.remove(field),
        "'bundle.json' has no field '%s'; it was not written by Lakestill".formatted(field));
  }

  @Test
  void wrongFieldsAreRefusedWithWhatTheyAreAndMustBe() {
    assertRefused(
        json -> json.put("format_version", 2),
        "'bundle.json' has format version 2, this Lakestill reads up to 1; use the version that"
            + " wrote it");
    assertRefused(
        json -> json.put("role", "pupil"),
        "field 'role' must be one of teacher, student, scratch, is \"pupil\"");
    assertRefused(json -> json.put("seed", 1.5), "field 'seed' must be a whole number, is 1.5");
    assertRefused(
        json -> json.put("opset", 1L << 40),
        "field 'opset' must be a whole number below 2^31, is 1099511627776");
    assertRefused(
        json -> json.put("created", "yesterday"), "field 'created' must be a time such as 2026");
    assertRefused(
        json -> json.put("classes", "no"), "field 'classes' must be a list of texts, is \"no\"");
    assertRefused(
        json -> ((ArrayNode) json.get("classes")).set(0, 3),
        "field 'classes' must be a list of texts, is [3,\"yes\"]");
    assertRefused(
        json -> json.put("parameters", 5), "field 'parameters' must be 26, as its graph has, is 5");
    assertRefused(
        json -> ((ObjectNode) json.get("outputs")).putArray("logits").add(9),
        "field 'outputs.logits' must be [2], as its graph gives, is [9]");
    assertRefused(
        json -> ((ArrayNode) json.get("classes")).add("maybe"),
        "'bundle.json' is not sound: 3 classes are named, the graph gives 2 logits;");
    assertRefused(
        json -> ((ObjectNode) json.get("features")).putArray("shape").add(4),
        "'bundle.json' is not sound: features have shape [4], the graph takes [3];");
    assertRefused(
        json -> ((ObjectNode) json.get("files").get(0)).put("name", "../../etc/passwd"),
        "'bundle.json': 'files[0]' is not sound: a bundle file must have a plain name other than"
            + " 'bundle.json', has '../../etc/passwd'");
    assertRefused(
        json -> ((ObjectNode) json.get("files").get(0)).put("bytes", -1),
        "bytes must not be negative, is -1");
    assertRefused(
        json -> json.put("largest_logit_difference", Double.NaN),
        "field 'largest_logit_difference' must be a number, is \"NaN\"");
    assertRefused(
        json -> ((ObjectNode) json.get("graph").get("layers").get(0)).put("type", "attention"),
        "'bundle.json': field 'graph.layers[0].type' must be one of convolution,"
            + " batch-normalisation");
  }

  @Test
  void manifestsThatContradictThemselvesCannotBeMade() {
    StudentGraph wide = new Mlp(List.of(4)).graph(Shape.flat(3), 5, Map.of());
    assertThatThrownBy(
            () ->
                new BundleManifest(
                    MANIFEST.role(),
                    MANIFEST.classes(),
                    MANIFEST.features(),
                    wide,
                    13,
                    0,
                    MANIFEST.provenance(),
                    List.of()))
        .hasMessage("2 classes are named, the graph gives 5 logits");
    assertThatThrownBy(
            () ->
                new BundleManifest(
                    MANIFEST.role(),
                    MANIFEST.classes(),
                    MANIFEST.features(),
                    MANIFEST.graph(),
                    13,
                    Double.POSITIVE_INFINITY,
                    MANIFEST.provenance(),
                    List.of()))
        .hasMessage("largest logit difference must be a number of at least 0, is Infinity");
  }

  private static void assertRefused(Consumer<ObjectNode> damage, String message) {
    ObjectNode json = MANIFEST.toJson();
    damage.accept(json);
    ObjectNode stored = Json.parse(Json.pretty(json), "bundle.json");
    assertThatThrownBy(() -> BundleManifest.fromJson(stored, "bundle.json"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining(message);
  }
}
