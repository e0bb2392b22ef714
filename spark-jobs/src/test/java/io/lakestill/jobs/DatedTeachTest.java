package io.lakestill.jobs;

import static io.lakestill.jobs.DailyPets.FIRST;
import static io.lakestill.jobs.DailyPets.SECOND;
import static io.lakestill.jobs.DailyPets.THIRD;
import static io.lakestill.jobs.DailyPets.only;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Json;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.Slice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.FileUtil;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A table that grows by the day is taught date by date, and is what one pass would make it. */
class DatedTeachTest {
  @TempDir private Path folder;

  private final SparkSession spark = LocalSession.open();
  private final long seed = System.nanoTime();
  private final Map<String, List<Row>> days = DailyPets.threeDays(seed);
  private DailyPets pets;

  @BeforeEach
  void writeDays() throws IOException {
    pets = new DailyPets(spark, folder);
    pets.write(days);
    pets.writeTeacher(Oracle.random(seed));
  }

  @Test
  void daysTaughtOneByOneOrAtTheSameTimeAreOnePassOverAll() throws Exception {
    for (String date : days.keySet()) {
      pets.teach("one-by-one", "run-" + date, only(date));
    }
    ExecutorService threads = Executors.newFixedThreadPool(2);
    List<Future<SignalManifest>> runs = new ArrayList<>();
    for (String date : List.of(THIRD, FIRST, SECOND)) {
      runs.add(threads.submit(() -> pets.teach("parallel", "run-" + date, only(date))));
    }
    for (Future<SignalManifest> run : runs) {
      run.get(5, TimeUnit.MINUTES);
    }
    threads.shutdown();
    SignalManifest all = pets.teach("all", "run-all", DateSelection.ALL);
    pets.teach(Pets.recipe(pets.path("table")), "undated", "run", DateSelection.ALL);

    for (String name : List.of("one-by-one", "parallel", "all")) {
      SignalManifest current = pets.table(name).current().orElseThrow();
      assertThat(current.dates()).containsExactly(FIRST, SECOND, THIRD);
      assertThat(pets.table(name).versions()).as("a version for each date").hasSize(3);
      pets.table(name).verify(current);
      assertSame(name, "undated");
    }
    assertThat(all.newRows()).isEqualTo(60);
    assertThat(all.files().get(0).name()).startsWith("v=1/dt=2026-11-01/part-");
    assertThat(folder.resolve("parallel/_lakestill/leases")).isEmptyDirectory();
  }

  @Test
  void aCorrectedDateRescoresWhatChangedInItAndNothingElse() {
    SignalManifest first = pets.teach("signals", "first", DateSelection.ALL);
    List<Row> corrected = new ArrayList<>(days.get(SECOND).subList(1, 20));
    corrected.set(0, Pets.row("pet-021", new float[] {6, 5, 4, 3, 2, 1}, 1L));
    pets.write(SECOND, corrected);
    pets.write("2026-11-04", Pets.rows(80, seed).subList(60, 80));

    SignalManifest second = pets.teach("signals", "second", only(SECOND));

    assertThat(pets.taught()).isEqualTo(1);
    Slice slice = second.slice(Optional.of(SECOND)).orElseThrow();
    assertThat(slice.tombstones())
        .singleElement()
        .satisfies(f -> assertThat(f.rows()).isEqualTo(2));
    assertThat(slice.deadRows()).isEqualTo(2);
    assertThat(slice.rows()).isEqualTo(19);
    for (String other : List.of(FIRST, THIRD)) {
      assertThat(second.slice(Optional.of(other))).isEqualTo(first.slice(Optional.of(other)));
    }
    assertThat(second.dates()).as("nobody asked for the fourth").hasSize(3);

    pets.shown();
    SignalManifest again = pets.teach("signals", "third", only(SECOND));
    assertThat(again).as("a date that is done").isEqualTo(second);
    assertThat(pets.taught()).isZero();
    assertThat(pets.shown()).contains("1 of 1 dates were done already");

    SignalManifest all = pets.teach("signals", "fourth", DateSelection.ALL);
    assertThat(pets.taught()).as("the new date only").isEqualTo(20);
    assertThat(pets.shown())
        .contains("2026-11-04: 20 rows, 20 of them taught now, 0 in quarantine")
        .contains("3 of 4 dates were done already");
    assertThat(all.dates()).hasSize(4);
    pets.table("signals").verify(all);
    pets.teach(Pets.recipe(pets.path("table")), "undated", "run", DateSelection.ALL);
    assertSame("signals", "undated");
  }

  @Test
  void aDateIsHeldByOneRunAndTakenOverFromADeadOne() throws Exception {
    pets.teach("signals", "first", only(FIRST));
    TableLeases leases = new TableLeases(pets.table("signals"), "other", pets.console());
    try (RunLease held = leases.date(SECOND)) {
      assertThatThrownBy(() -> pets.teach("signals", "mine", only(SECOND)))
          .isInstanceOfSatisfying(
              LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.HELD))
          .hasMessageContaining("Date 2026-11-02 of signal table '")
          .hasMessageContaining("is held by run other (process " + ProcessHandle.current().pid());
      assertThat(pets.teach("signals", "mine", only(THIRD)).dates()).containsExactly(FIRST, THIRD);
      held.requireHeld();
    }
    DeadLease.leave(folder.resolve("signals"), SECOND);
    pets.shown();

    assertThat(pets.teach("signals", "next", only(SECOND)).dates()).hasSize(3);
    assertThat(pets.shown())
        .contains("Taking over date 2026-11-02 of signal table '", "from run dead");
  }

  @Test
  void aDateThatWasNeverTaughtAndHasNoExamplesIsNamedAndLeftAlone() {
    assertThatThrownBy(() -> pets.teach("signals", "mistyped", only("2026-11-1")))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining("has no example of any date that is asked for");
    SignalManifest first = pets.teach("signals", "first", DateSelection.ALL);

    assertThat(pets.teach("signals", "second", only("2026-11-3"))).isEqualTo(first);

    assertThat(pets.shown()).contains("2026-11-3: there are no examples of this date, and nothing");
  }

  @Test
  void aDateThatHasSignalsLosesThemOnlyWhenThatIsMeant() {
    SignalManifest first = pets.teach("signals", "first", DateSelection.ALL);
    FileUtil.fullyDelete(folder.resolve("table/dt=" + FIRST).toFile());

    assertThatThrownBy(() -> pets.teach("signals", "second", only(FIRST)))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining("There are no examples of 2026-11-01 any more, of which the signal")
        .hasMessageContaining("table has 20 rows")
        .hasMessageContaining("--allow-empty");
    assertThat(pets.table("signals").current()).hasValue(first);

    DateSelection meant =
        new DateSelection(List.of(FIRST), Optional.empty(), Optional.empty(), true);
    SignalManifest empty = pets.teach("signals", "third", meant);
    assertThat(empty.slice(Optional.of(FIRST)).orElseThrow().rows()).isZero();
    assertThat(empty.rows()).isEqualTo(40);
    assertThat(pets.shown()).contains("2026-11-01: there are no examples of this date, its slice");
    assertThat(pets.teach("signals", "fourth", only(FIRST))).as("done").isEqualTo(empty);
  }

  @Test
  void aDateThatVanishedIsDropped() throws IOException {
    pets.teach("signals", "first", DateSelection.ALL);
    FileUtil.fullyDelete(folder.resolve("table/dt=" + FIRST).toFile());

    SignalManifest narrowed =
        pets.teach("signals", "third", DateSelection.ALL, "data.train-where=dt > '2026-11-02'");

    assertThat(pets.shown()).contains("2026-11-01: no longer in the table, its slice is dropped");
    assertThat(narrowed.dates()).as("a condition drops no date").containsExactly(SECOND, THIRD);
    assertThat(content()).hasSize(40);
  }

  @Test
  void anotherTeacherBeginsAnewWithTheFirstDateItIsAsked() throws IOException {
    pets.teach("signals", "first", DateSelection.ALL);
    pets.writeTeacher(Oracle.random(seed + 1));

    SignalManifest second = pets.teach("signals", "second", only(SECOND));

    assertThat(second.dates()).containsExactly(SECOND);
    assertThat(second.files()).allMatch(file -> file.name().startsWith("v=4/dt=2026-11-02/"));
    assertThat(pets.shown())
        .contains("begins anew with 2026-11-02")
        .contains("version 3; of its dates 2 are left to teach");
    assertThat(pets.table("signals").manifest(3).dates()).as("the old version stays").hasSize(3);

    DateSelection range =
        new DateSelection(List.of(), Optional.of("2026-11-02"), Optional.of("2026-11-30"));
    assertThat(pets.teach("signals", "third", range).dates()).containsExactly(SECOND, THIRD);
  }

  @Test
  void datesInAColumnOfTheFilesWorkAsWell() {
    pets.writePlain(days, "plain");
    String[] plain = {"data.train=\"" + pets.path("plain") + "\""};

    pets.teach("signals", "first", only(THIRD), plain);
    SignalManifest all = pets.teach("signals", "second", DateSelection.ALL, plain);

    assertThat(all.dates()).hasSize(3);
    pets.teach(Pets.recipe(pets.path("table")), "undated", "run", DateSelection.ALL);
    assertSame("signals", "undated");
  }

  @Test
  void refusesDatesThatCannotNameAFolderAndRowsWithoutOne() {
    pets.writePlain(Map.of("2026/11/03", days.get(FIRST)), "slashed");
    assertRefused(
        List.of("data.train=\"" + pets.path("slashed") + "\""),
        "column 'dt' (data.date) is '2026/11/03' in some rows, such as pet-0",
        "cannot be the name of a folder");

    pets.write("__HIVE_DEFAULT_PARTITION__", Pets.rows(9, 1));
    assertRefused(List.of(), "column 'dt' (data.date) is null in some rows, such as pet-0");
    assertRefused(
        List.of("data.date=day"), "data.date names column 'day', which is not there; the columns");
    assertRefused(
        List.of("data.date=pixels"), "data.date names column 'pixels' of type array<float>");
    Pets.write(spark, Pets.rows(9, 2), 1, pets.path("validation"));
    assertRefused(
        List.of("data.validation=\"" + pets.path("validation") + "\""),
        "data.date names column 'dt', which is not there",
        "a validation table needs it too, or leave data.validation away");
  }

  @Test
  void aTableOfFormatTwoIsBuiltOn() throws IOException {
    SignalManifest first =
        pets.teach(Pets.recipe(pets.path("table")), "signals", "first", DateSelection.ALL);
    Path file = folder.resolve("signals/_lakestill/manifest-v1.json");
    ObjectNode json = Json.parse(Files.readString(file), "manifest");
    ObjectNode slice = (ObjectNode) ((ArrayNode) json.remove("slices")).get(0);
    slice.path("files").forEach(f -> ((ObjectNode) f).put("name", name(f.path("name").asText())));
    slice.remove(List.of("number", "run_id"));
    json.setAll(slice);
    Files.writeString(file, Json.pretty(json.put("format_version", 2)));

    assertThat(pets.table("signals").current()).hasValue(first);
    assertThat(pets.teach(Pets.recipe(pets.path("table")), "signals", "2nd", DateSelection.ALL))
        .as("it is done already")
        .isEqualTo(first);
    pets.write("2026-11-04", Pets.rows(80, seed).subList(60, 80));
    SignalManifest more =
        pets.teach(Pets.recipe(pets.path("table")), "signals", "third", DateSelection.ALL);
    assertThat(pets.taught()).isEqualTo(20);
    pets.table("signals").verify(more);
  }

  private static String name(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private void assertRefused(List<String> overrides, String... parts) {
    assertThatThrownBy(
            () -> pets.teach("refused", "run", DateSelection.ALL, overrides.toArray(String[]::new)))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContainingAll(parts);
  }

  private Map<String, Row> content() {
    return pets.content("signals");
  }

  /** Batches are cut elsewhere, which may round a last bit otherwise. */
  private void assertSame(String name, String other) {
    Map<String, Row> expected = pets.content(other);
    Map<String, Row> found = pets.content(name);
    assertThat(found.keySet()).as("seed %d", seed).isEqualTo(expected.keySet());
    expected.forEach(
        (key, row) -> {
          Row same = found.get(key);
          for (String column : List.of("content_hash", "label", "teacher_id", "argmax")) {
            assertThat(same.<Object>getAs(column)).as(key).isEqualTo(row.getAs(column));
          }
          List<Float> values = row.getList(row.fieldIndex("logits"));
          List<Float> others = same.getList(same.fieldIndex("logits"));
          for (int i = 0; i < values.size(); i++) {
            assertThat(others.get(i)).as(key).isCloseTo(values.get(i), within(1e-4f));
          }
        });
  }
}
