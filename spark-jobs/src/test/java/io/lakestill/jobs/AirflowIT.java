package io.lakestill.jobs;

import static io.lakestill.jobs.DailyPets.FIRST;
import static io.lakestill.jobs.DailyPets.SECOND;
import static io.lakestill.jobs.DailyPets.THIRD;
import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.export.Model;
import io.lakestill.signal.SignalTable;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The DAGs of conf/airflow in a real Airflow, which runs them on local Spark. */
@Tag("cluster")
class AirflowIT {
  @TempDir private Path folder;

  private final Map<String, List<Row>> days = DailyPets.threeDays(7);
  private AirflowInstallation airflow;

  @ParameterizedTest
  @ValueSource(strings = {"2.11.0", "3.3.2"})
  void runsTheDaysRetriesWhatPassesStopsWhatDoesNotAndRepeatsNothing(String version)
      throws Exception {
    writeDays();
    airflow = AirflowInstallation.of(version, folder);
    String sound = "[] ['lakestill_backfill', 'lakestill_daily']\n";
    assertThat(airflow.python("import_check.py", Map.of())).isEqualTo(sound);
    String application = Manifests.FOLDER.resolve(Manifests.APPLICATION).toString();
    assertThat(
            airflow.python("import_check.py", Map.of("LAKESTILL_SPARK_APPLICATION", application)))
        .isEqualTo(sound);

    // Of the first day somebody else has the lease until teach was refused by it, and the first
    // process that trains is killed.
    airflow.set("LAKESTILL_RECIPE", folder.resolve("pets.conf").toString());
    AirflowInstallation.Run first = airflow.test("lakestill_daily", FIRST, "{}");
    try (RunLease held = hold(FIRST)) {
      first.awaitLine("Exit code 5, held by another run: Date 2026-11-01 of signal table");
      held.requireHeld();
    }
    first.awaitLine("train student, seed 1");
    first.kill("train");
    first.awaitLine("Exit code -9, it was killed");
    first.assertEnds(0);
    assertThat(airflow.states("lakestill_daily"))
        .isEqualTo(
            "arrived success 1, evaluate success 1, export success 1, promote success 1, teach"
                + " success 2, train success 2");
    assertThat(airflow.xcom("teach")).contains("\"command\": \"teach\"", "\"new_rows\": 20");
    assertThat(model().current()).hasValue(1);

    AirflowInstallation.Run again = airflow.test("lakestill_daily", FIRST, "{}");
    again.assertEnds(0);
    assertThat(again.text()).doesNotContain("\"outcome\":\"failed\"");
    assertThat(again.outcomes()).as("of every stage").containsOnly("already done");
    assertThat(model().versions()).containsExactly(1);

    // More days, and one that is corrected: only what changed is scored.
    days.get(SECOND).set(3, Pets.row("pet-023", new float[] {1, 2, 3, 4, 5, 6}, 2L));
    String range = "{\"from\": \"%s\", \"to\": \"%s\"}".formatted(SECOND, THIRD);
    airflow.test("lakestill_backfill", "2026-11-20", range).assertEnds(0);
    assertThat(model().current()).hasValue(2);
    write(SECOND, days.get(SECOND));
    airflow.test("lakestill_backfill", "2026-11-21", range).assertEnds(0);
    assertThat(airflow.xcom("teach")).contains("\"new_rows\": 1");
    assertThat(model().current()).hasValue(3);

    airflow.set("LAKESTILL_RECIPE", folder.resolve("strict.conf").toString());
    AirflowInstallation.Run refused = airflow.test("lakestill_daily", SECOND, "{}");
    refused.awaitLine("Exit code 6, a gate refused: 1 gate of the recipe refused the result");
    refused.await();
    assertThat(airflow.states("lakestill_daily"))
        .contains("evaluate failed 1", "promote upstream_failed");
    assertThat(model().versions()).containsExactly(1, 2, 3);
  }

  private void writeDays() throws IOException {
    SparkSession spark = LocalSession.open();
    DailyPets pets = new DailyPets(spark, folder);
    pets.write(days);
    pets.writeTeacher(Oracle.random(7));
    List<Row> others = Pets.rows(80, 70).subList(60, 80); // Keys that no day has.
    Pets.write(spark, others, 1, folder.resolve("tests").toString());
    spark.stop();
    String recipe =
        Pets.text(folder.resolve("table").toString())
            .replaceFirst("test = \"[^\"]+\"", "test = \"" + folder.resolve("tests") + "\"")
            .replace("output = unused", "output = \"" + folder.resolve("out") + "\"")
            .replace("onnx = unused", "onnx = \"" + folder.resolve("teacher.onnx") + "\"")
            .replace("classes =", "date = dt, classes =")
            .replace("type = kd-kl }]", "type = kd-kl }]\n epochs = 1, batch = 8");
    Files.writeString(
        folder.resolve("pets.conf"), recipe + "evaluate.gates = [\"student.accuracy >= 0\"]\n");
    Files.writeString(
        folder.resolve("strict.conf"), recipe + "evaluate.gates = [\"student.accuracy > 2\"]\n");
  }

  private void write(String day, List<Row> rows) {
    SparkSession spark = LocalSession.open();
    new DailyPets(spark, folder).write(day, rows);
    spark.stop();
  }

  private RunLease hold(String date) {
    SignalTable table =
        new SignalTable(
            new org.apache.hadoop.fs.Path(folder.resolve("out/signals/oracle").toUri()),
            new Configuration());
    Console console = new Console(new PrintStream(System.err, true, StandardCharsets.UTF_8), false);
    return RunLease.take(Leased.date(table, date), "other", new Configuration(), console);
  }

  private Model model() {
    return new Model(
        new org.apache.hadoop.fs.Path(folder.resolve("models/pets").toUri()), new Configuration());
  }
}
