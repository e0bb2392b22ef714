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
import io.lakestill.signal.codec.Dense16;
import io.lakestill.signal.codec.Dense32;
import io.lakestill.signal.codec.Int8;
import io.lakestill.signal.codec.Topk;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SignalManifestTest {
  private static final String GOLDEN = "/golden/signal-manifest.v3.json";
  private static final String SECOND_FORMAT = "/golden/signal-manifest.v2.json";
  private static final String FIRST_FORMAT = "/golden/signal-manifest.v1.json";
  private static final String SCHEMA = "/io/lakestill/schema/signal-manifest.v3.schema.json";

  static final SignalManifest SAMPLE =
      new SignalManifest(
          3,
          "2026-11-21T10:15:00Z",
          "run-7",
          "0.1.0",
          new SignalManifest.Teacher("resnet", "a".repeat(64)),
          "b".repeat(64),
          List.of(
              new SignalColumn("logits", 3),
              new SignalColumn("embedding", List.of(16), new Dense16()),
              new SignalColumn("map_stage3", List.of(4, 2, 3), new Int8())),
          List.of("cat", "dog", "owl"),
          new SignalManifest.Views(8, 1),
          Optional.of("e".repeat(64)),
          List.of(
              new Slice(
                  Optional.of("2026-11-02"),
                  2,
                  "run-6",
                  "9".repeat(64),
                  List.of(),
                  List.of(
                      new SignalFile(
                          "v=2/dt=2026-11-02/part-00000-w.zstd.parquet",
                          100,
                          5000,
                          "5".repeat(64))),
                  List.of(),
                  List.of(),
                  0),
              new Slice(
                  Optional.of("2026-11-03"),
                  4,
                  "run-7",
                  "f".repeat(64),
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
                      new SignalFile(
                          "v=4/dt=2026-11-03/part-00000-x.zstd.parquet",
                          8192,
                          400_000,
                          "1".repeat(64)),
                      new SignalFile(
                          "v=1/dt=2026-11-03/part-00001-y.zstd.parquet",
                          807,
                          40_000,
                          "2".repeat(64))),
                  List.of(
                      new SignalFile(
                          "_lakestill/quarantine-v4/dt=2026-11-03/part-00001-y.zstd.parquet",
                          1,
                          700,
                          "3".repeat(64))),
                  List.of(
                      new SignalFile(
                          "_lakestill/tombstones-v4/dt=2026-11-03/gone-00000-z.zstd.parquet",
                          2,
                          500,
                          "4".repeat(64))),
                  16)));

  @Test
  void readsTheGoldenFile() {
    assertThat(SignalManifest.fromJson(golden(), GOLDEN)).isEqualTo(SAMPLE);
  }

  @Test
  void saysWhetherTheTeacherWasShownFeaturesOfItsOwn() {
    SignalManifest own =
        new SignalManifest(
            SAMPLE.version(),
            SAMPLE.created(),
            SAMPLE.runId(),
            SAMPLE.codeVersion(),
            new SignalManifest.Teacher("resnet", "a".repeat(64), SignalSchema.Shown.OWN_FEATURES),
            SAMPLE.preprocessing(),
            SAMPLE.signals(),
            SAMPLE.classes(),
            SAMPLE.views(),
            SAMPLE.basis(),
            SAMPLE.slices());

    assertThat(SignalManifest.fromJson(own.toJson(), "own")).isEqualTo(own);
    assertThat(own.toJson().at("/teacher/own_features").asBoolean()).isTrue();
    assertThat(own.schema().parquet().containsField("teacher_content_hash")).isTrue();
    assertThat(SAMPLE.schema().parquet().containsField("teacher_content_hash")).isFalse();
    assertThat(SAMPLE.schema()).asString().startsWith("SignalSchema[signals=[").endsWith("]]");
  }

  @Test
  void writesTheGoldenFile() {
    assertThat(Json.pretty(SAMPLE.toJson())).isEqualTo(TestResource.text(GOLDEN));
  }

  /** As Lakestill 0.1 wrote it: every file in the folder of its version, nothing dead. */
  @Test
  void readsTheFirstFormat() {
    SignalManifest first = SignalManifest.fromJson(TestResource.json(FIRST_FORMAT), FIRST_FORMAT);

    assertThat(first.files())
        .extracting(SignalFile::name)
        .containsExactly("v=3/part-00000-x.zstd.parquet", "v=3/part-00001-y.zstd.parquet");
    assertThat(first.slices()).singleElement().extracting(Slice::date).isEqualTo(Optional.empty());
    assertThat(first.rows()).isEqualTo(8999);
    assertThat(first.basis()).isEmpty();
    assertThat(first.tombstones()).isEmpty();
    assertThat(first.deadRows()).isZero();
    assertThat(first.signals())
        .containsExactly(
            new SignalColumn("logits", List.of(3), new Dense32()),
            new SignalColumn("embedding", List.of(16), new Dense32()),
            new SignalColumn("map_stage3", List.of(4, 2, 3), new Dense32()));
  }

  /** As Lakestill 0.2 wrote it: no slices, file names with a folder only in older versions. */
  @Test
  void readsTheSecondFormatAsOneSliceWithoutADate() {
    SignalManifest second =
        SignalManifest.fromJson(TestResource.json(SECOND_FORMAT), SECOND_FORMAT);

    Slice slice = second.slice(Optional.empty()).orElseThrow();
    assertThat(second.slices()).containsExactly(slice);
    assertThat(second.dates()).isEmpty();
    assertThat(second.fingerprint()).isEqualTo("f".repeat(64)).isEqualTo(slice.fingerprint());
    assertThat(second.basis()).hasValue("e".repeat(64));
    assertThat(second.inputs()).isEqualTo(SAMPLE.inputs());
    assertThat(slice.number()).isEqualTo(3);
    assertThat(names(second.files()))
        .containsExactly("v=3/part-00000-x.zstd.parquet", "v=2/part-00001-y.zstd.parquet");
    assertThat(names(second.quarantine()))
        .containsExactly("_lakestill/quarantine-v3/part-00001-y.zstd.parquet");
    assertThat(names(second.tombstones()))
        .containsExactly("_lakestill/tombstones-v3/gone-00000-z.zstd.parquet");
    assertThat(second.rows()).isEqualTo(8983);
    assertThat(second.newRows()).isEqualTo(8192);
    assertThat(SignalManifest.fromJson(second.toJson(), "again")).isEqualTo(second);
    assertThat(SchemaCheck.faultsOfWriter(TestResource.json(SCHEMA), second.toJson())).isEmpty();
  }

  private static List<String> names(List<SignalFile> files) {
    return files.stream().map(SignalFile::name).toList();
  }

  @Test
  void countsOverItsSlices() {
    assertThat(SAMPLE.dates()).containsExactly("2026-11-02", "2026-11-03");
    assertThat(SAMPLE.rows()).isEqualTo(100 + 8192 + 807 - 16);
    assertThat(SAMPLE.newRows()).as("of run-7").isEqualTo(8192);
    assertThat(SAMPLE.deadRows()).isEqualTo(16);
    SignalManifest one = SAMPLE.only(slice -> slice.date().equals(Optional.of("2026-11-02")));
    assertThat(one.rows()).isEqualTo(100);
    assertThat(one.quarantine()).isEmpty();
    assertThat(one.fingerprint()).isEqualTo("9".repeat(64)).isNotEqualTo(SAMPLE.fingerprint());
  }

  @Test
  void refusesSlicesThatCannotBeOfOneTable() {
    ObjectNode twice = golden();
    ((ObjectNode) twice.get("slices").get(0)).put("dt", "2026-11-03");
    ((ObjectNode) twice.get("slices").get(0)).putArray("files");
    ((ObjectNode) twice.get("slices").get(0)).put("rows", 0);
    assertRefused(
        twice,
        "'m.json' is not sound: a table has one slice for each date, or one without a date; has"
            + " [2026-11-03, 2026-11-03]; restore it or write it again.");

    ObjectNode elsewhere = golden();
    ((ObjectNode) elsewhere.get("slices").get(0)).put("dt", "2026-11-01");
    assertRefused(
        elsewhere,
        "'m.json': 'slices[0]' is not sound: v=2/dt=2026-11-02/part-00000-w.zstd.parquet does not"
            + " lie in a folder such as v=2/dt=2026-11-01; restore it or write it again.");

    ObjectNode foreign = golden();
    ((ObjectNode) foreign.get("slices").get(0)).put("dt", "2026/11/01");
    assertRefused(
        foreign,
        "'m.json': 'slices[0]' is not sound: '2026/11/01' cannot be the name of a folder; restore"
            + " it or write it again.");
  }

  @Test
  void refusesAFileThatIsNotBelowTheTable() {
    for (String name : List.of("../other/part.parquet", "/etc/passwd", "v=1/../../part", "")) {
      ObjectNode foreign = golden();
      ((ObjectNode) foreign.get("slices").get(0).get("files").get(0)).put("name", name);

      assertRefused(
          foreign,
          "'m.json': 'slices[0].files[0]' is not sound: '%s' is not a path below the table; restore it or write it again."
              .formatted(name));
    }
  }

  @Test
  void refusesDeadRowsWithoutTombstones() {
    ObjectNode damaged = golden();
    ((ObjectNode) damaged.get("slices").get(1)).putArray("tombstones");

    assertRefused(
        damaged,
        "'m.json': 'slices[1]' is not sound: 16 of 8999 rows cannot be dead by 0 files of"
            + " tombstones; restore it or write it again.");
  }

  @Test
  void schemaDeclaresExactlyTheFieldsThatAreWritten() {
    assertThat(SchemaCheck.faultsOfWriter(TestResource.json(SCHEMA), golden())).isEmpty();
  }

  @Test
  void saysWhatTopkKeeps() {
    ObjectNode topk = golden();
    ObjectNode codec = (ObjectNode) topk.get("signals").get(0).get("codec");
    codec.put("type", "topk").put("k", 2).putArray("temperatures").add(1.0).add(4.0);

    SignalManifest manifest = SignalManifest.fromJson(topk, "m.json");

    assertThat(manifest.column("logits").codec()).isEqualTo(new Topk(2, List.of(1.0, 4.0)));
    assertThat(Json.pretty(manifest.toJson())).isEqualTo(Json.pretty(topk));
    assertThat(SchemaCheck.faultsOfWriter(TestResource.json(SCHEMA), topk)).isEmpty();
    codec.put("k", 0);
    assertRefused(
        topk,
        "'m.json': 'signals[0].codec' is not sound: topk must keep at least one class and have"
            + " positive temperatures, keeps 0 and has [1.0, 4.0]; restore it or write it again.");
  }

  @Test
  void refusesACodecItDoesNotKnow() {
    ObjectNode newer = golden();
    ((ObjectNode) newer.get("signals").get(1).get("codec")).put("type", "dense4");

    assertRefused(
        newer,
        "'m.json': field 'signals[1].codec.type' must be a codec that this Lakestill knows, is"
            + " \"dense4\"; it was not written by Lakestill or is damaged: restore it or write it"
            + " again.");
  }

  @Test
  void signalsWithoutAShapeAreFlat() {
    ObjectNode first = TestResource.json(FIRST_FORMAT);
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
    ObjectNode newer = golden().put("format_version", 5);

    assertRefused(
        newer,
        "'m.json' has format version 5, this Lakestill reads up to 4; use the version that wrote"
            + " it, or write it again.");
  }

  @Test
  void refusesMissingAndMistypedFields() {
    ObjectNode missing = golden();
    missing.remove("preprocessing");
    assertRefused(
        missing,
        "'m.json' has no field 'preprocessing'; it was not written by Lakestill or is damaged:"
            + " restore it or write it again.");
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
        "'m.json' is damaged: the rows of its slices do not add up to its total.");
    ObjectNode slice = golden();
    ((ObjectNode) slice.get("slices").get(1)).put("quarantined_rows", 0);
    assertRefused(
        slice,
        "'m.json': 'slices[1]' is not sound: the rows of its files do not add up to its total;"
            + " restore it or write it again.");
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
