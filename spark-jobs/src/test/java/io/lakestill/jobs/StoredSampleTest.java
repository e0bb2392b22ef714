package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.codec.Dense32;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredSampleTest {
  private static final SparkSession SPARK = LocalSession.open();
  private static final List<SignalColumn> COLUMNS =
      List.of(new SignalColumn("logits", List.of(2), new Dense32()));

  @TempDir private Path folder;
  private final Map<String, float[]> all = new TreeMap<>();

  StoredSampleTest() {
    for (int i = 0; i < 20; i++) {
      all.put("pet-%02d".formatted(i), new float[] {i, -i});
    }
  }

  @Test
  void aKeyInNeitherFileIsLost() {
    List<String> said = files("said", all);
    all.remove("pet-07");
    assertRefused(
        sample(files("stored", all), List.of(), said, said),
        ExitCode.INTERNAL,
        "The pass of teacher 'oracle' lost rows: of 20 examples that were looked for in its files,"
            + " 1 are neither among the signals nor in quarantine, such as 'pet-07'. The signal"
            + " table is as it was.");
    assertRefused(
        sample(List.of(), List.of(), said, said), ExitCode.INTERNAL, "20 are neither among");
    assertRefused(
        sample(List.of(), List.of(), List.of(), List.of()), ExitCode.INTERNAL, "20 are neither");
  }

  @Test
  void aKeyInQuarantineIsNotLost() {
    List<String> said = files("said", all);
    float[] left = all.remove("pet-07");
    StoredSample sample =
        sample(files("stored", all), files("quarantine", Map.of("pet-07", left)), said, said);
    assertThat(sample.agreement(COLUMNS).rows()).isEqualTo(19);
    assertThat(sample.agreement(COLUMNS).fault()).isEmpty();
  }

  @Test
  void aRowThatTheTeacherNoLongerSaysIsRefused() {
    List<String> stored = files("stored", all);
    all.remove("pet-11");
    List<String> said = files("said", all);
    for (StoredSample sample :
        List.of(
            sample(stored, List.of(), said, stored),
            sample(stored, List.of(), stored, said),
            sample(stored, List.of(), said, said))) {
      assertRefused(
          sample,
          ExitCode.BAD_INPUT,
          "hold what teacher 'oracle' said of 1 of 20 examples, such as 'pet-11', of which it says"
              + " nothing that can be kept when it is asked again.");
    }
    assertRefused(
        sample(stored, List.of(), List.of(), List.of()),
        ExitCode.BAD_INPUT,
        "of 20 of 20 examples");
  }

  @Test
  void aSmallRowThatDiffersIsNotHiddenByALargeOne() {
    all.put("pet-00", new float[] {40_000, -40_000});
    List<String> said = files("said", all);
    all.put("pet-01", new float[] {1.5f, -1});
    assertThat(sample(files("stored", all), List.of(), said, said).agreement(COLUMNS).fault())
        .hasValueSatisfying(fault -> assertThat(fault).startsWith("logits by 0.500, of which"));
  }

  @Test
  void whatAnotherProcessorRoundsIsNoFault() {
    List<String> said = files("said", all);
    all.replaceAll((key, row) -> new float[] {row[0] * 1.00005f, row[1] * 0.99995f + 1e-6f});
    assertThat(sample(files("stored", all), List.of(), said, said).agreement(COLUMNS).fault())
        .isEmpty();
  }

  /** Of a new table only what is of the sample may move. */
  @Test
  void theKeysGoToTheTableAndNotTheTableToTheKeys() {
    String threshold = "spark.sql.autoBroadcastJoinThreshold";
    String before = SPARK.conf().get(threshold);
    SPARK.conf().set(threshold, "-1");
    try {
      List<String> files = files("stored", all);
      String plan =
          sample(files, List.of(), files, files)
              .ofSample(files)
              .queryExecution()
              .executedPlan()
              .toString();
      assertThat(plan).contains("BroadcastHashJoin").doesNotContain("Exchange hashpartitioning");
    } finally {
      SPARK.conf().set(threshold, before);
    }
  }

  private static void assertRefused(StoredSample sample, ExitCode code, String part) {
    assertThatThrownBy(() -> sample.agreement(COLUMNS))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(code))
        .hasMessageContaining(part);
  }

  /** Of all twenty keys. */
  private static StoredSample sample(
      List<String> stored, List<String> quarantined, List<String> said, List<String> again) {
    List<Row> keys = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      keys.add(RowFactory.create("pet-%02d".formatted(i)));
    }
    Dataset<Row> sample = SPARK.createDataFrame(keys, StructType.fromDDL("sample_id string"));
    return new StoredSample(SPARK, "oracle", sample, stored, quarantined, said, again);
  }

  /** Each row, and another view of it. */
  private List<String> files(String name, Map<String, float[]> held) {
    List<Row> rows = new ArrayList<>();
    held.forEach(
        (key, logits) -> {
          rows.add(RowFactory.create(key, 0, logits));
          rows.add(RowFactory.create(key, 1, new float[] {9, 9}));
        });
    String path = folder.resolve(name).toString();
    SPARK
        .createDataFrame(
            rows, StructType.fromDDL("sample_id string, view_id int, logits array<float>"))
        .write()
        .parquet(path);
    return List.of(path);
  }
}
