package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.Errors;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.TableFormat;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import io.lakestill.teacher.OnnxFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;
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

/** What other people, disks and dead runs do to signal tables that Iceberg and Delta keep. */
class FormatFaultsTest {
  private static FormatSession session;
  private static SparkSession spark;

  @TempDir private Path folder;

  private final long seed = System.nanoTime();
  private final List<Row> rows = Pets.rows(24, seed);
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
  void writeTable() throws IOException {
    System.out.println("seed " + seed);
    Pets.write(spark, rows, 2, folder.resolve("table").toString());
    Files.write(folder.resolve("teacher.onnx"), Oracle.random(seed).onnx());
    name = "f" + Long.toUnsignedString(seed);
  }

  private Recipe recipe(String... overrides) {
    return Pets.recipe(folder.resolve("table").toString(), overrides);
  }

  private SignalManifest teach(TableFormat format, String run, Runnable still) {
    return teach(recipe(session.recipe(format, name)), run, still);
  }

  private SignalManifest teach(Recipe recipe, String run, Runnable still) {
    OnnxFile file =
        OnnxFile.read(
            new org.apache.hadoop.fs.Path(folder.resolve("teacher.onnx").toUri()),
            spark.sessionState().newHadoopConf());
    return TeachJob.run(
        spark,
        recipe,
        () -> OnnxPass.of(spark, recipe, recipe.teacher().orElseThrow(), file),
        folder.resolve("signals").toString(),
        new TeachJob.Order(
            run, DateSelection.ALL, Console.ofProcess(), progress -> {}, still, slice -> {}));
  }

  private SignalVersion version() {
    SignalTable signals =
        new SignalTable(
            new org.apache.hadoop.fs.Path(folder.resolve("signals").toUri()),
            spark.sessionState().newHadoopConf());
    return new SignalVersion(signals, signals.current().orElseThrow());
  }

  private static List<String> faults(SignalVersion version) {
    return new TableCheck(version).faults(spark, TableCheck.Depth.BYTES, progress -> {});
  }

  private Map<String, Row> content() {
    Map<String, Row> content = new TreeMap<>();
    version().rows(spark).collectAsList().forEach(row -> content.put(row.getAs("sample_id"), row));
    return content;
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "PARQUET")
  void whatSomebodyElseChangesIsFoundRefusedAndTaughtAnew(TableFormat format) {
    teach(format, "run-1", () -> {});
    Map<String, Row> taught = content();
    String table = session.table(format, name);
    for (String change :
        List.of(
            "UPDATE %s SET argmax = argmax + 1 WHERE sample_id = 'pet-003'",
            "DELETE FROM %s WHERE sample_id = 'pet-003'",
            "INSERT INTO %s SELECT * FROM %1$s WHERE sample_id = 'pet-003'")) {
      spark.sql(change.formatted(table));

      assertThat(faults(version()))
          .as(change)
          .singleElement()
          .asString()
          .contains("was changed, and not by Lakestill: there are 2", "the manifest says 24 rows")
          .contains(table, "run teach again");
      assertThatThrownBy(
              () ->
                  new Taught(List.of(version()), Map.of())
                      .requireSound(spark, TableCheck.Depth.BYTES))
          .isInstanceOfSatisfying(
              LakestillException.class,
              e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT));
      assertThatThrownBy(() -> version().rows(spark)).hasMessageContaining("not by Lakestill");

      teach(format, "again", () -> {});
      assertThat(faults(version())).isEmpty();
      assertThat(content()).isEqualTo(taught);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "PARQUET")
  void aFlippedBitIsFoundAndTheTableNamed(TableFormat format) throws IOException {
    teach(format, "run-1", () -> {});
    Map<String, Row> taught = content();
    String table = session.table(format, name);
    flip(session.files(format, name));

    assertThat(faults(version()))
        .singleElement()
        .asString()
        .contains(table, "Nobody has written to it since, so its files are damaged.")
        .endsWith("or run DELETE FROM %s in SQL and then teach again.".formatted(table));
    assertThatThrownBy(() -> version().rows(spark))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT));

    spark.sql("DELETE FROM " + table);
    teach(format, "run-2", () -> {});
    assertThat(content()).isEqualTo(taught);
  }

  /**
   * A bit amid the embeddings of the largest data file: random floats, which nothing compresses.
   */
  private static void flip(Path table) throws IOException {
    Path data;
    try (Stream<Path> files = Files.walk(table)) {
      data =
          files
              .filter(file -> file.toString().endsWith(".parquet"))
              .filter(file -> !file.toString().contains("_delta_log"))
              .max(Comparator.comparingLong(file -> file.toFile().length()))
              .orElseThrow();
    }
    Files.deleteIfExists(data.resolveSibling("." + data.getFileName() + ".crc"));
    byte[] bytes = Files.readAllBytes(data);
    bytes[middleOf("embedding", data)] ^= 0x10;
    Files.write(data, bytes);
  }

  private static int middleOf(String column, Path file) throws IOException {
    var input =
        HadoopInputFile.fromPath(new org.apache.hadoop.fs.Path(file.toUri()), new Configuration());
    try (ParquetFileReader reader = ParquetFileReader.open(input)) {
      var chunk =
          reader.getRowGroups().get(0).getColumns().stream()
              .filter(each -> each.getPath().toArray()[0].equals(column))
              .findFirst()
              .orElseThrow();
      return (int) (chunk.getStartingPos() + chunk.getTotalSize() / 2);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "PARQUET")
  void aRunThatDiesBetweenTheTableAndThePointerIsHealedByTheNext(TableFormat format) {
    SignalManifest first = teach(format, "run-1", () -> {});
    Map<String, Row> before = content();
    FormatTable table = FormatTable.of(spark, first.store().orElseThrow());
    List<Row> changed = new ArrayList<>(rows.subList(1, 24));
    changed.set(5, Pets.row("pet-006", new float[] {1, 0.5f, 1, 0.5f, 1, 0.5f}, 2L));
    Pets.write(spark, changed, 2, folder.resolve("table").toString());
    Runnable death =
        () -> {
          if (table.commits().stream().anyMatch(c -> c.mark().runId().equals("dies"))) {
            throw Errors.leaseLost("The driver", "was killed");
          }
        };

    assertThatThrownBy(() -> teach(format, "dies", death)).hasMessageContaining("was killed");

    assertThat(version().manifest()).isEqualTo(first);
    assertThat(spark.table(session.table(format, name)).count()).as("of SQL").isEqualTo(23);
    assertThat(faults(version())).as("of a reader of the version before").isEmpty();
    assertThat(content()).isEqualTo(before);

    SignalManifest healed = teach(format, "run-2", () -> {});
    assertThat(healed.rows()).isEqualTo(23);
    assertThat(healed.newRows()).isEqualTo(1);
    assertThat(content()).hasSize(23).doesNotContainKey("pet-000");
    assertThat(content().get("pet-006")).isNotEqualTo(before.get("pet-006"));
    assertThat(content().get("pet-007")).isEqualTo(before.get("pet-007"));
    assertThat(faults(version())).isEmpty();
  }

  @Test
  void aTableThatIsGoneIsSaidAndTaughtAnew() {
    teach(TableFormat.ICEBERG, "run-1", () -> {});
    Map<String, Row> before = content();
    spark.sql("DROP TABLE " + session.table(TableFormat.ICEBERG, name));

    assertThat(faults(version()))
        .singleElement()
        .asString()
        .startsWith("There is no iceberg table lake.distil." + name);
    teach(TableFormat.ICEBERG, "run-2", () -> {});
    assertThat(content()).isEqualTo(before);
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "PARQUET")
  void aTableOfSomebodyElseIsLeftAlone(TableFormat format) {
    String table = session.table(format, name);
    spark.sql("CREATE NAMESPACE IF NOT EXISTS lake.distil");
    spark.sql("CREATE TABLE %s (a INT) USING %s".formatted(table, format));

    assertThatThrownBy(() -> teach(format, "run-1", () -> {}))
        .hasMessage(
            ("There is a table %s already, and Lakestill did not make it; nothing of it was"
                    + " touched. Name another one in signals.table, or drop it if nobody needs it.")
                .formatted(table))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT));
    assertThat(spark.table(table).columns()).containsExactly("a");
  }

  @Test
  void aCatalogThatIsMissingIsSaidBeforeAnything() {
    assertRefused(
        "The iceberg table nowhere.t cannot be used: catalog 'spark_catalog' is of another kind"
            + " (spark.sql.catalog.spark_catalog ="
            + " org.apache.spark.sql.delta.catalog.DeltaCatalog). Give spark-submit, or"
            + " bin/lakestill in front of the command, --packages"
            + " org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:1.10.0",
        "signals.format=iceberg",
        "signals.table=nowhere.t");
    assertRefused(
        "The delta table lake.distil.t cannot be used: catalog 'lake' is of another kind",
        "signals.format=delta",
        "signals.table=lake.distil.t");
    assertRefused(
        "'lake..t' is not the name of a table", "signals.format=iceberg", "signals.table=lake..t");
  }

  private void assertRefused(String message, String... overrides) {
    assertThatThrownBy(() -> teach(recipe(overrides), "run-1", () -> {}))
        .hasMessageStartingWith(message)
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE));
    assertThat(folder.resolve("signals/_lakestill")).doesNotExist();
  }
}
