package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.recipe.Recipe;
import io.lakestill.signal.SignalFile;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Teaching what is new leaves the table that teaching everything would. */
class IncrementalTeachTest {
  private static final String VIEWS =
      "data.views={count = 3, transforms = [{type = shift}, {type = noise}]}";

  @TempDir private Path folder;

  private final SparkSession spark = LocalSession.open();
  private final long seed = System.nanoTime();
  private final List<Row> rows = Pets.rows(80, seed);
  private final List<Progress> progress = Collections.synchronizedList(new ArrayList<>());
  private SignalManifest first;
  private int passes;

  @BeforeEach
  void teachOnce() throws IOException {
    Files.write(folder.resolve("teacher.onnx"), Oracle.random(seed).magnified().onnx());
    write(rows);
    first = teach("signals", "first");
  }

  @Test
  void teachesOnlyNewRowsAndKeepsTheFilesOfTheOthers() {
    List<Row> more = new ArrayList<>(rows);
    Pets.rows(90, seed + 1).subList(80, 90).forEach(more::add);
    write(more);

    SignalManifest second = teach("signals", "second");

    assertThat(taught()).as("rows the teacher saw").isBetween(10L, 30L);
    assertThat(second.version()).isEqualTo(2);
    assertThat(second.newRows()).isEqualTo(taught());
    assertThat(second.tombstones()).isEmpty();
    assertThat(
            second.files().stream().map(SignalFile::name).filter(name -> name.startsWith("v=1/")))
        .containsExactlyElementsOf(first.files().stream().map(SignalFile::name).toList());
    table("signals").verify(second);
    assertSameAsAFreshPass();
  }

  @Test
  void changedVanishedAndRelabelledRowsAreReplaced() {
    List<Row> other = new ArrayList<>(rows.subList(4, 80));
    other.set(0, Pets.row("pet-004", new float[] {1, 2, 3, 4, 5, 6}, other.get(0).getLong(2)));
    other.set(1, Pets.row("pet-005", (float[]) other.get(1).get(1), 3 - other.get(1).getLong(2)));
    other.add(Pets.row("pet-100", new float[] {6, 5, 4, 3, 2, 1}, 1L));
    Collections.shuffle(other, new Random(seed));
    write(other);

    SignalManifest second = teach("signals", "second");

    assertThat(taught()).isBetween(3L, 9L);
    assertThat(second.tombstones()).hasSize(1);
    assertThat(second.tombstones().get(0).rows()).isEqualTo(6);
    assertThat(second.deadRows()).isBetween(6L, 18L);
    table("signals").verify(second);
    table("signals").verify(table("signals").manifest(1));
    assertSameAsAFreshPass();

    write(rows);
    SignalManifest third = teach("signals", "third");
    assertThat(third.tombstones()).hasSize(2);
    assertThat(taught()).as("what came back and what is as it was once").isBetween(6L, 18L);
    table("signals").verify(third);
    assertSameAsAFreshPass();
  }

  @Test
  void rowsInQuarantineAreTaughtAgain() {
    List<Row> withBad = new ArrayList<>(rows);
    withBad.add(Pets.row("huge", new float[] {1e38f, 1, 1, 1, 1, 1}, 0L));
    write(withBad);
    SignalManifest second = teach("signals", "second");
    assertThat(second.quarantinedRows()).isPositive();
    assertSameAsAFreshPass();

    withBad.set(80, Pets.row("huge", new float[] {1, 1, 1, 1, 1, 1}, 0L));
    write(withBad);
    SignalManifest third = teach("signals", "third");

    assertThat(third.quarantine()).isEmpty();
    assertThat(third.rows()).isEqualTo(second.rows() + second.quarantinedRows());
    assertSameAsAFreshPass();
  }

  @Test
  void aTableThatWasWrittenAnewButNotChangedCostsNoPassOfTheTeacher() {
    List<Row> shuffled = new ArrayList<>(rows);
    Collections.shuffle(shuffled, new Random(seed));
    write(shuffled);

    SignalManifest second = teach("signals", "second");

    assertThat(progress).as("what the teacher did").isEmpty();
    assertThat(second.version()).isEqualTo(2);
    assertThat(second.rows()).isEqualTo(first.rows());
    assertThat(folder.resolve("signals/v=2")).doesNotExist();
    assertThat(teach("signals", "third")).isEqualTo(second);
    assertSameAsAFreshPass();
  }

  /** A training example has three views, a validation example one. */
  @Test
  void anotherPartForValidationTeachesWhatIsMissing() {
    SignalManifest second =
        teach(Pets.recipe(path("table"), VIEWS, "data.validation-fraction=0.6"), "signals", "2nd");

    assertThat(second.tombstones()).isNotEmpty();
    assertThat(second.files().get(0).name()).startsWith("v=1/");
    SignalManifest fresh =
        teach(Pets.recipe(path("table"), VIEWS, "data.validation-fraction=0.6"), "fresh", "fresh");
    assertThat(content("signals")).hasSameSizeAs(content("fresh"));
    assertThat(second.rows()).isEqualTo(fresh.rows());
  }

  @Test
  void anotherTeacherKeepsNothing() throws IOException {
    Files.write(folder.resolve("teacher.onnx"), Oracle.random(seed + 1).onnx());

    SignalManifest second = teach("signals", "second");

    assertThat(second.files()).allMatch(file -> file.name().startsWith("v=2/"));
    assertThat(second.tombstones()).isEmpty();
    assertSameAsAFreshPass();
  }

  @Test
  void aDamagedVersionIsNotBuiltOn() throws IOException {
    Files.delete(folder.resolve("signals").resolve(first.files().get(1).name()));
    List<Row> more = new ArrayList<>(rows);
    more.add(Pets.row("pet-100", new float[] {6, 5, 4, 3, 2, 1}, 1L));
    write(more);

    SignalManifest second = teach("signals", "second");

    assertThat(second.files()).allMatch(file -> file.name().startsWith("v=2/"));
    assertSameAsAFreshPass();
  }

  private void assertSameAsAFreshPass() {
    String fresh = "fresh-" + passes++;
    teach(fresh, "fresh");
    Map<String, Row> expected = content(fresh);
    Map<String, Row> found = content("signals");
    assertThat(found.keySet()).as("seed %d", seed).isEqualTo(expected.keySet());
    expected.forEach(
        (key, row) -> {
          Row other = found.get(key);
          for (String column : List.of("content_hash", "label", "teacher_id", "argmax")) {
            assertThat(other.<Object>getAs(column)).as(key).isEqualTo(row.getAs(column));
          }
          // Batches are cut elsewhere, which may round a last bit otherwise.
          for (String column : List.of("logits", "embedding")) {
            List<Float> values = row.getList(row.fieldIndex(column));
            List<Float> others = other.getList(other.fieldIndex(column));
            for (int i = 0; i < values.size(); i++) {
              assertThat(others.get(i)).as(key).isCloseTo(values.get(i), within(1e-4f));
            }
          }
        });
  }

  private Map<String, Row> content(String name) {
    SignalTable table = table(name);
    Map<String, Row> content = new TreeMap<>();
    for (Row row :
        new SignalVersion(table, table.current().orElseThrow()).rows(spark).collectAsList()) {
      String key = row.<String>getAs("sample_id") + "/" + row.<Integer>getAs("view_id");
      assertThat(content.put(key, row)).as("twice: %s", key).isNull();
    }
    assertThat(content).hasSize((int) table.current().orElseThrow().rows());
    return content;
  }

  private long taught() {
    return progress.get(progress.size() - 1).total();
  }

  private void write(List<Row> table) {
    Pets.write(spark, table, 3, path("table"));
  }

  private SignalManifest teach(String name, String runId) {
    return teach(Pets.recipe(path("table"), VIEWS), name, runId);
  }

  private SignalManifest teach(Recipe recipe, String name, String runId) {
    progress.clear();
    return TeachJob.run(
        spark,
        recipe,
        recipe.teacher().orElseThrow(),
        path("teacher.onnx"),
        path(name),
        runId,
        progress::add);
  }

  private SignalTable table(String name) {
    return new SignalTable(
        new org.apache.hadoop.fs.Path(path(name)), spark.sessionState().newHadoopConf());
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }
}
