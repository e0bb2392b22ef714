package io.lakestill.signal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.SchemaCheck;
import io.lakestill.TestResource;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Json;
import io.lakestill.recipe.TableFormat;
import java.math.BigInteger;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Manifests whose rows lie in a table of Iceberg or Delta. */
class RowStoreTest {
  private static final String GOLDEN = "/golden/signal-manifest.v4.json";
  private static final String SCHEMA = "/io/lakestill/schema/signal-manifest.v4.schema.json";

  static final SignalManifest SAMPLE =
      new SignalManifest(
              3,
              "2026-11-21T10:15:00Z",
              "run-7",
              "0.1.0",
              new SignalManifest.Teacher("resnet", "a".repeat(64)),
              "b".repeat(64),
              List.of(new SignalColumn("logits", 3)),
              List.of("cat", "dog", "owl"),
              new SignalManifest.Views(8, 1),
              Optional.of("e".repeat(64)),
              List.of())
          .in(
              new RowStore(TableFormat.ICEBERG, "lake.distil.resnet"),
              List.of(
                  slice("2026-11-02", 2, "run-6", "9", List.of())
                      .in(stored("4521165306460127429", 100, 100, "-81234567890123456789", "42")),
                  slice(
                          "2026-11-03",
                          4,
                          "run-7",
                          "f",
                          List.of(
                              new SignalFile(
                                  "_lakestill/quarantine-v4/dt=2026-11-03/part-00001-y.zstd.parquet",
                                  1,
                                  700,
                                  "3".repeat(64))))
                      .in(
                          stored(
                              "8048321158186317752", 17, 8983, "12345678901234567890123", "-7"))));

  private static Slice slice(
      String date, int number, String run, String fingerprint, List<SignalFile> quarantine) {
    return new Slice(
        Optional.of(date),
        number,
        run,
        fingerprint.repeat(64),
        List.of(),
        List.of(),
        quarantine,
        List.of(),
        0);
  }

  private static StoredRows stored(
      String snapshot, long newRows, long rows, String first, String second) {
    return new StoredRows(
        "0f0e0d0c",
        snapshot,
        newRows,
        new RowSums(rows, new BigInteger(first), new BigInteger(second)));
  }

  @Test
  void readsAndWritesTheGoldenFile() {
    assertThat(SignalManifest.fromJson(TestResource.json(GOLDEN), GOLDEN)).isEqualTo(SAMPLE);
    assertThat(Json.pretty(SAMPLE.toJson())).isEqualTo(TestResource.text(GOLDEN));
    assertThat(SchemaCheck.faultsOfWriter(TestResource.json(SCHEMA), SAMPLE.toJson())).isEmpty();
  }

  @Test
  void countsTheRowsOfTheTable() {
    assertThat(SAMPLE.rows()).isEqualTo(9083);
    assertThat(SAMPLE.newRows()).as("of run-7").isEqualTo(17);
    assertThat(SAMPLE.files()).isEmpty();
    assertThat(SAMPLE.only(slice -> slice.number() == 2).store()).isEqualTo(SAMPLE.store());
  }

  @Test
  void rowsLieInFilesOrInATableButNotInBoth() {
    assertRefused(
        remove("store"),
        "'m.json' is not sound: all rows lie in files, or all in the table of another format;"
            + " restore it or write it again.");
    ObjectNode both = TestResource.json(GOLDEN);
    ((ObjectNode) both.get("slices").get(0))
        .putArray("files")
        .addObject()
        .put("name", "v=2/dt=2026-11-02/part-00000-w.zstd.parquet")
        .put("rows", 100)
        .put("bytes", 5000)
        .put("sha256", "5".repeat(64));
    assertRefused(
        both,
        "'m.json': 'slices[0]' is not sound: its rows are in files and in a table as well; restore"
            + " it or write it again.");
  }

  @Test
  void refusesSumsThatAreNoNumbers() {
    ObjectNode damaged = TestResource.json(GOLDEN);
    ((ObjectNode) damaged.get("slices").get(0).get("stored")).putArray("sums").add("1").add("x");
    assertRefused(
        damaged,
        "'m.json': field 'slices[0].stored.sums' must be two whole numbers as texts, is"
            + " [\"1\",\"x\"]; it was not written by Lakestill or is damaged: restore it or write"
            + " it again.");
  }

  @Test
  void sumsOfRowsAddUp() {
    RowSums one = new RowSums(2, BigInteger.TEN, BigInteger.ONE.negate());
    assertThat(one.plus(RowSums.NONE)).isEqualTo(one);
    assertThat(one.plus(one))
        .isEqualTo(new RowSums(4, BigInteger.valueOf(20), BigInteger.valueOf(-2)));
  }

  private static ObjectNode remove(String key) {
    ObjectNode json = TestResource.json(GOLDEN);
    json.remove(key);
    return json;
  }

  private static void assertRefused(ObjectNode json, String message) {
    assertThatThrownBy(() -> SignalManifest.fromJson(json, "m.json"))
        .hasMessage(message)
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT));
  }
}
