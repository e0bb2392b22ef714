package io.lakestill.jobs;

import static io.lakestill.jobs.DailyPets.FIRST;
import static io.lakestill.jobs.DailyPets.SECOND;
import static io.lakestill.jobs.DailyPets.THIRD;
import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.recipe.TableFormat;
import io.lakestill.signal.SignalManifest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Signal tables whose rows Iceberg and Delta keep, by their own libraries. */
class FormatTablesTest {
  private static FormatSession session;
  private static SparkSession spark;

  @TempDir private Path folder;

  private final long seed = System.nanoTime();
  private final Map<String, List<Row>> days = DailyPets.threeDays(seed);
  private DailyPets pets;
  private String name;

  @BeforeAll
  static void openSession(@TempDir Path lake) {
    session = new FormatSession(lake);
    spark = session.spark();
  }

  @AfterAll
  static void closeSession() {
    session.close();
  }

  @BeforeEach
  void writeDays() throws Exception {
    System.out.println("seed " + seed);
    pets = new DailyPets(spark, folder);
    pets.write(days);
    pets.writeTeacher(Oracle.random(seed));
    name = "t" + Long.toUnsignedString(seed);
  }

  private SignalManifest teach(TableFormat format, String run, DateSelection dates) {
    return pets.teach(folderOf(format), run, dates, session.recipe(format, name));
  }

  private static String folderOf(TableFormat format) {
    return "signals-" + format;
  }

  private FormatTable table(TableFormat format) {
    return FormatTable.of(
        spark, pets.table(folderOf(format)).current().orElseThrow().store().orElseThrow());
  }

  private List<String> faults(TableFormat format) {
    return new TableCheck(version(format)).faults(spark, TableCheck.Depth.BYTES, progress -> {});
  }

  private SignalVersion version(TableFormat format) {
    var signals = pets.table(folderOf(format));
    return new SignalVersion(signals, signals.current().orElseThrow());
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "PARQUET")
  void holdsTheRowsOfAFolderOfParquetFilesWhateverHappensToTheExamples(TableFormat format)
      throws Exception {
    SignalManifest files = pets.teach("parquet", "run-1", DateSelection.ALL);
    SignalManifest first = teach(format, "run-1", DateSelection.ALL);

    assertThat(pets.content(folderOf(format))).isEqualTo(pets.content("parquet"));
    assertThat(first.files()).isEmpty();
    assertThat(first.dates()).containsExactly(FIRST, SECOND, THIRD);
    assertThat(first.newRows()).isEqualTo(files.newRows());
    assertThat(spark.table(session.table(format, name)).count()).isEqualTo(60);
    try (Stream<Path> left = Files.walk(folder.resolve(folderOf(format)))) {
      assertThat(left.filter(file -> file.toString().endsWith(".parquet")))
          .as("files on their way into the table")
          .isEmpty();
    }
    assertThat(faults(format)).isEmpty();

    int commits = table(format).commits().size();
    teach(format, "run-2", DateSelection.ALL);
    assertThat(pets.taught()).as("of a table that has everything").isZero();
    assertThat(table(format).commits()).hasSize(commits);

    List<Row> second = new ArrayList<>(days.get(SECOND).subList(1, 20));
    second.set(3, Pets.row("pet-024", new float[] {1, 0.5f, 1, 0.5f, 1, 0.5f}, 2L));
    pets.write(SECOND, second);
    List<Row> third = new ArrayList<>(days.get(THIRD));
    third.add(Pets.row("pet-new", new float[] {1, 1, 1, 0.5f, 0.5f, 0.5f}, 1L));
    pets.write(THIRD, third);
    pets.teach("parquet", "run-3", DateSelection.ALL);
    SignalManifest changed = teach(format, "run-3", DateSelection.ALL);

    assertThat(pets.taught()).as("of the last date").isEqualTo(1);
    assertThat(changed.slice(Optional.of(SECOND)).orElseThrow().newRows()).isEqualTo(1);
    assertThat(pets.content(folderOf(format))).isEqualTo(pets.content("parquet"));
    assertThat(faults(format)).isEmpty();
    assertThat(spark.table(session.table(format, name)).count()).isEqualTo(60);

    SignalManifest old = pets.table(folderOf(format)).manifest(first.version());
    assertThat(new SignalVersion(pets.table(folderOf(format)), old).rows(spark).count())
        .as("of the version before, which somebody may be reading")
        .isEqualTo(60);
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "PARQUET")
  void theFormatsOwnMaintenanceChangesNothing(TableFormat format) {
    teach(format, "run-1", DateSelection.ALL);
    Map<String, Row> before = pets.content(folderOf(format));
    String table = session.table(format, name);
    maintain(format, table);

    assertThat(table(format).commits()).as("what is left of the history").hasSizeLessThan(4);
    assertThat(faults(format)).isEmpty();
    assertThat(pets.content(folderOf(format))).isEqualTo(before);
    teach(format, "run-2", DateSelection.ALL);
    assertThat(pets.taught()).isZero();
  }

  private static void maintain(TableFormat format, String table) {
    if (format == TableFormat.ICEBERG) {
      spark.sql(
          "CALL lake.system.rewrite_data_files(table => '%s', options => map('rewrite-all', 'true'))"
              .formatted(table));
      spark.sql(
          "CALL lake.system.expire_snapshots(table => '%s', older_than => TIMESTAMP '2100-01-01', retain_last => 1)"
              .formatted(table));
    } else {
      spark.conf().set("spark.databricks.delta.retentionDurationCheck.enabled", "false");
      spark.sql("OPTIMIZE " + table);
      spark.sql("VACUUM %s RETAIN 0 HOURS".formatted(table));
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "PARQUET")
  void datesThatAreTaughtAtOnceAreAllThere(TableFormat format) throws Exception {
    pets.teach("parquet", "run-1", DateSelection.ALL);
    ExecutorService runs = Executors.newFixedThreadPool(3);
    try {
      List<Future<SignalManifest>> ends = new ArrayList<>();
      for (String date : List.of(FIRST, SECOND, THIRD)) {
        DailyPets own = new DailyPets(spark, folder);
        ends.add(
            runs.submit(
                () ->
                    own.teach(
                        folderOf(format),
                        "run-" + date,
                        DailyPets.only(date),
                        session.recipe(format, name))));
      }
      for (Future<SignalManifest> end : ends) {
        assertThat(end.get().rows()).isPositive();
      }
    } finally {
      runs.shutdownNow();
    }
    assertThat(pets.content(folderOf(format))).isEqualTo(pets.content("parquet"));
    assertThat(faults(format)).isEmpty();
    assertThat(spark.table(session.table(format, name)).count()).isEqualTo(60);
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "PARQUET")
  void anotherBasisBeginsTheTableAnewAndLeavesTheOldVersionReadable(TableFormat format) {
    assertBeginsAnew(session.table(format, name), session.recipe(format, name));
  }

  /** One that has a name in a catalog is made anew by other means than one that has a path. */
  @Test
  void aDeltaTableOfACatalogBeginsAnewAsWell() {
    String table = "distil." + name;
    assertBeginsAnew(table, "signals.format=delta", "signals.table=" + table);
  }

  private void assertBeginsAnew(String table, String... recipe) {
    SignalManifest first = pets.teach("signals", "run-1", DailyPets.only(FIRST), recipe);
    Map<String, Row> before = pets.content("signals");
    List<String> other = new ArrayList<>(List.of(recipe));
    other.add("signals.codecs.embedding=dense16");
    pets.teach("signals", "run-2", DailyPets.only(SECOND), other.toArray(String[]::new));

    assertThat(pets.content("signals")).hasSize(20).doesNotContainKeys("pet-000/0");
    assertThat(spark.table(table).count()).isEqualTo(20);
    var signals = pets.table("signals");
    SignalVersion old = new SignalVersion(signals, signals.manifest(first.version()));
    assertThat(old.rows(spark).collectAsList())
        .containsExactlyInAnyOrderElementsOf(before.values());
  }
}
