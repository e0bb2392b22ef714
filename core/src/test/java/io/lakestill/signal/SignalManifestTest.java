package io.lakestill.signal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.SchemaCheck;
import io.lakestill.TestResource;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Json;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SignalManifestTest {
  private static final String GOLDEN = "/golden/signal-manifest.v1.json";
  private static final String SCHEMA = "/io/lakestill/schema/signal-manifest.v1.schema.json";

  static final SignalManifest SAMPLE =
      new SignalManifest(
          3,
          "2026-11-21T10:15:00Z",
          "run-7",
          "0.1.0",
          "f".repeat(64),
          new SignalManifest.Teacher("resnet", "a".repeat(64)),
          "b".repeat(64),
          SignalManifest.DENSE32,
          List.of(
              new SignalColumn("logits", 3),
              new SignalColumn("embedding", 16),
              new SignalColumn("map_stage3", List.of(4, 2, 3))),
          List.of("cat", "dog", "owl"),
          new SignalManifest.Views(8, 1),
          List.of(
              new InputSnapshot(
                  "hdfs://lake/pets",
                  Optional.of("split = 'train'"),
                  2,
                  123_456,
                  "2026-11-20T08:00:00Z",
                  "c".repeat(64)),
              new InputSnapshot(
                  "hdfs://lake/pets-validation",
                  Optional.empty(),
                  1,
                  456,
                  "2026-11-19T08:00:00Z",
                  "d".repeat(64))),
          List.of(
              new SignalFile("part-00000-x.zstd.parquet", 8192, 400_000, "1".repeat(64)),
              new SignalFile("part-00001-y.zstd.parquet", 807, 40_000, "2".repeat(64))),
          List.of(new SignalFile("part-00001-y.zstd.parquet", 1, 700, "3".repeat(64))));

  @Test
  void readsTheGoldenFile() {
    assertThat(SignalManifest.fromJson(golden(), GOLDEN)).isEqualTo(SAMPLE);
  }

  @Test
  void writesTheGoldenFile() {
    assertThat(Json.pretty(SAMPLE.toJson())).isEqualTo(TestResource.text(GOLDEN));
  }

  @Test
  void schemaDeclaresExactlyTheFieldsThatAreWritten() {
    assertThat(SchemaCheck.faultsOfWriter(TestResource.json(SCHEMA), golden())).isEmpty();
  }

  @Test
  void signalsWithoutAShapeAreFlat() {
    ObjectNode first = golden();
    first.get("signals").forEach(signal -> ((ObjectNode) signal).remove("shape"));

    assertThat(SignalManifest.fromJson(first, "m.json").signals())
        .containsExactly(
            new SignalColumn("logits", 3),
            new SignalColumn("embedding", 16),
            new SignalColumn("map_stage3", 24));
  }

  @Test
  void refusesAWidthThatIsNotThatOfTheShape() {
    ObjectNode damaged = golden();
    ((ObjectNode) damaged.get("signals").get(2)).put("width", 25);

    assertRefused(
        damaged,
        "'m.json': 'signals[2]' is not sound: signal map_stage3 has width 25 and shape [4, 2, 3];"
            + " restore it or write it again.");
  }

  @Test
  void noSignalHasTheNameOfAColumnThatEveryTableHas() {
    for (String own : SignalSchema.OWN_COLUMNS) {
      assertThatThrownBy(
              () ->
                  new SignalSchema(
                      List.of(new SignalColumn("logits", 3), new SignalColumn(own, 1))))
          .hasMessageStartingWith("signals must not be named as other columns");
    }
  }

  @Test
  void refusesANewerFormat() {
    ObjectNode newer = golden().put("format_version", 2);

    assertRefused(
        newer,
        "'m.json' has format version 2, this Lakestill reads up to 1; use the version that wrote"
            + " it, or write it again.");
  }

  @Test
  void refusesMissingAndMistypedFields() {
    ObjectNode missing = golden();
    missing.remove("codec");
    assertRefused(
        missing,
        "'m.json' has no field 'codec'; it was not written by Lakestill or is damaged: restore it"
            + " or write it again.");
    assertRefused(
        golden().put("version", "three"),
        "'m.json': field 'version' must be a whole number below 2^31, is \"three\"; it was not"
            + " written by Lakestill or is damaged: restore it or write it again.");
  }

  @Test
  void refusesNumbersThatCannotBe() {
    assertRefused(
        golden().put("version", 0),
        "'m.json' is not sound: version must be at least 1, is 0; restore it or write it again.");
  }

  @Test
  void refusesRowsThatDoNotAddUp() {
    assertRefused(
        golden().put("rows", 9000),
        "'m.json' is damaged: the rows of its files do not add up to its total.");
  }

  private static void assertRefused(JsonNode json, String message) {
    assertThatThrownBy(() -> SignalManifest.fromJson(json, "m.json"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessage(message);
  }

  private static ObjectNode golden() {
    return TestResource.json(GOLDEN);
  }
}
