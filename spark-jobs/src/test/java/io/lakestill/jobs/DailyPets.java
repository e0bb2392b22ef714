package io.lakestill.jobs;

import static org.apache.spark.sql.functions.lit;
import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.recipe.Recipe;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** A table of {@link Pets} that grows by the day, {@code table/dt=2026-11-01/}, and its teacher. */
final class DailyPets {
  static final String FIRST = "2026-11-01";
  static final String SECOND = "2026-11-02";
  static final String THIRD = "2026-11-03";

  private final SparkSession spark;
  private final Path folder;
  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
  final List<Progress> progress = Collections.synchronizedList(new ArrayList<>());

  DailyPets(SparkSession spark, Path folder) {
    this.spark = spark;
    this.folder = folder;
  }

  /** Rows of three days, {@code pet-000} to {@code pet-059}. */
  static Map<String, List<Row>> threeDays(long seed) {
    List<Row> rows = Pets.rows(60, seed);
    Map<String, List<Row>> days = new TreeMap<>();
    days.put(FIRST, rows.subList(0, 20));
    days.put(SECOND, rows.subList(20, 40));
    days.put(THIRD, rows.subList(40, 60));
    return days;
  }

  void write(Map<String, List<Row>> days) {
    days.forEach(this::write);
  }

  /** Writes the partition of one day, and touches no other. */
  void write(String date, List<Row> rows) {
    Pets.write(spark, rows, 2, path("table/dt=" + date));
  }

  /** As a table whose dates are in its files. */
  void writePlain(Map<String, List<Row>> days, String name) {
    days.forEach(
        (date, rows) ->
            Pets.table(spark, rows)
                .withColumn("dt", lit(date))
                .coalesce(1)
                .write()
                .mode("append")
                .parquet(path(name)));
  }

  void writeTeacher(Oracle oracle) throws IOException {
    Files.write(folder.resolve("teacher.onnx"), oracle.onnx());
  }

  Recipe recipe(String... overrides) {
    List<String> all = new ArrayList<>(List.of("data.date=dt"));
    all.addAll(List.of(overrides));
    return Pets.recipe(path("table"), all.toArray(String[]::new));
  }

  static DateSelection only(String... dates) {
    return new DateSelection(List.of(dates), Optional.empty(), Optional.empty());
  }

  SignalManifest teach(String name, String runId, DateSelection dates, String... overrides) {
    return teach(recipe(overrides), name, runId, dates);
  }

  SignalManifest teach(Recipe recipe, String name, String runId, DateSelection dates) {
    progress.clear();
    var settings = recipe.teacher().orElseThrow();
    var file =
        io.lakestill.teacher.OnnxFile.read(
            new org.apache.hadoop.fs.Path(path("teacher.onnx")),
            spark.sessionState().newHadoopConf());
    return TeachJob.run(
        spark,
        recipe,
        () -> OnnxPass.of(spark, recipe, settings, file),
        path(name),
        new TeachJob.Order(runId, dates, console(), progress::add));
  }

  Console console() {
    return new Console(new PrintStream(shown, true, StandardCharsets.UTF_8), false);
  }

  /** What the console showed, and forgets it. */
  String shown() {
    String text = shown.toString(StandardCharsets.UTF_8);
    shown.reset();
    return text;
  }

  /** Rows the teacher saw in the last run. */
  long taught() {
    return progress.isEmpty() ? 0 : progress.get(progress.size() - 1).total();
  }

  SignalTable table(String name) {
    return new SignalTable(
        new org.apache.hadoop.fs.Path(path(name)), spark.sessionState().newHadoopConf());
  }

  /** Every living row by key and view. */
  Map<String, Row> content(String name) {
    SignalTable table = table(name);
    SignalManifest current = table.current().orElseThrow();
    Map<String, Row> content = new TreeMap<>();
    for (Row row : new SignalVersion(table, current).rows(spark).collectAsList()) {
      String key = row.<String>getAs("sample_id") + "/" + row.<Integer>getAs("view_id");
      assertThat(content.put(key, row)).as("twice: %s", key).isNull();
    }
    assertThat(content).hasSize((int) current.rows());
    return content;
  }

  String path(String name) {
    return folder.resolve(name).toString();
  }
}
