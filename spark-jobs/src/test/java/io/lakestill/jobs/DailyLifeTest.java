package io.lakestill.jobs;

import static io.lakestill.jobs.DailyPets.SECOND;
import static io.lakestill.jobs.DailyPets.THIRD;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakestill.export.Model;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three days arrive, one is corrected: what is taught, trained, promoted, and who saw what. */
class DailyLifeTest {
  private static final String UNCHANGED = "pet-055";
  private static final String DELETED = "pet-030";
  private static final String OF_FIRST_DAY = "pet-005";

  @TempDir private Path folder;

  private final Map<String, List<Row>> days = DailyPets.threeDays(7);

  @BeforeAll
  static void chooseMaster() {
    System.setProperty("spark.master", "local[2]");
    System.setProperty("spark.ui.enabled", "false");
    System.setProperty("spark.sql.shuffle.partitions", "2");
  }

  @AfterAll
  static void forgetMaster() {
    System.clearProperty("spark.master");
    System.clearProperty("spark.ui.enabled");
    System.clearProperty("spark.sql.shuffle.partitions");
  }

  @BeforeEach
  void writeDays() throws IOException {
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
            .replace(
                "objectives = [{ type = kd-kl }]",
                "objectives = [{ type = kd-kl }]\n epochs = 1, batch = 8");
    Files.writeString(folder.resolve("pets.conf"), recipe);
  }

  @Test
  void scoresWhatChangedTrainsOnTheWindowPromotesWhatHoldsAndKnowsWhoSawWhat() throws Exception {
    for (String day : days.keySet()) {
      assertThat(done("teach", "--dt", day).path("signals").path("new_rows").asInt()).isEqualTo(20);
    }
    done("train", "--window", "2");
    done("export");
    refusedWhileAnotherRunPromotes();
    assertThat(promote().path("promoted").path("version").asInt()).isEqualTo(1);
    String scored = Files.readString(folder.resolve("out/scorecard.json"));

    done("teach", "--dt", THIRD);
    assertThat(outcomes(done("train", "--window", "2"))).containsOnly("already done");
    assertThat(outcomes(done("export"))).containsOnly("already done");
    assertThat(outcomes(promote())).containsOnly("already done");
    assertThat(model().versions()).containsExactly(1);
    assertThat(folder.resolve("out/scorecard.json")).hasContent(scored);

    correctSecondDay();
    JsonNode taught = done("teach", "--dt", SECOND).path("signals");
    assertThat(taught.path("new_rows").asInt()).as("one row changed, one went").isEqualTo(1);
    assertThat(outcomes(done("train", "--window", "2"))).contains("done");
    done("export");
    CommandLineRun refused =
        run(
            "promote",
            "--catalogue",
            catalogue(),
            "--set",
            "evaluate.gates=[\"student.accuracy > 2\"]");
    assertThat(refused.exit()).as(refused.err()).isEqualTo(6);
    assertThat(model().versions()).containsExactly(1);
    assertThat(model().current()).hasValue(1);
    assertThat(promote().path("promoted").path("version").asInt()).isEqualTo(2);
    assertThat(model().current()).hasValue(2);

    JsonNode listed = command("catalogue", "--catalogue", catalogue()).path("models").get(0);
    assertThat(listed.path("model").asText()).isEqualTo("pets");
    assertThat(listed.path("current").asInt()).isEqualTo(2);
    assertThat(learnedFrom(listed.path("versions").get(0)))
        .isEqualTo("3 [\"%s\",\"%s\"]".formatted(SECOND, THIRD));
    assertThat(learnedFrom(listed.path("versions").get(1)))
        .isEqualTo("4 [\"%s\",\"%s\"]".formatted(SECOND, THIRD));

    List<JsonNode> before = lineage();
    assertThat(before.get(0).path("seen").toString()).isEqualTo(seen("did not see", "saw", "saw"));
    assertThat(before.get(1).path("student").asText()).isEqualTo("pets v2, current");
    assertThat(before.get(1).path("seen").toString())
        .isEqualTo(seen("did not see", "did not see", "saw"));

    String table = folder.resolve("out/signals/oracle").toString();
    command("gc", "--table", table, "--keep", "1", "--catalogue", catalogue());
    assertThat(lineage()).as("gc keeps what students of the catalogue need").isEqualTo(before);
    command("gc", "--table", table, "--keep", "1");
    List<JsonNode> after = lineage();
    assertThat(after.get(0).path("seen").toString())
        .isEqualTo(seen("cannot tell", "cannot tell", "cannot tell"));
    assertThat(after.get(0).path("reasons").toString())
        .contains("version 3 of '", "is gone; versions there: [4]");
    assertThat(after.get(1).path("seen")).isEqualTo(before.get(1).path("seen"));

    CommandLineRun predicted =
        CommandLineRun.of(
            "predict",
            "--bundle",
            catalogue() + "/pets",
            "--input",
            folder.resolve("tests").toString(),
            "--to",
            folder.resolve("scored").toString());
    assertThat(predicted.exit()).as(predicted.err()).isZero();
  }

  @Test
  void refusesWhatCannotBeMeant() throws Exception {
    CommandLineRun untaught = run("train", "--window", "2");
    assertThat(untaught.exit()).isEqualTo(3);
    assertThat(untaught.err()).contains("There is no date that all teachers have signals of");
    CommandLineRun none = run("train", "--window", "0");
    assertThat(none.exit()).isEqualTo(2);
    assertThat(none.err()).contains("--window must be at least 1, is 0.");
    CommandLineRun unnamed = CommandLineRun.of("lineage", "--sample-id", "x");
    assertThat(unnamed.exit()).isEqualTo(2);
    assertThat(unnamed.err()).contains("--catalogue DIR or --bundle DIR");
    CommandLineRun nowhere = CommandLineRun.of("catalogue", "--catalogue", catalogue());
    assertThat(nowhere.exit()).isEqualTo(3);
    assertThat(nowhere.err()).contains("There is no catalogue at '");

    CommandLineRun slash = run("promote", "--catalogue", catalogue(), "--model", "a/b");
    assertThat(slash.exit()).isEqualTo(2);
    assertThat(slash.err()).contains("A model cannot be named 'a/b'");
  }

  private void correctSecondDay() {
    List<Row> corrected = new ArrayList<>(days.get(SECOND));
    corrected.removeIf(row -> row.getString(0).equals(DELETED));
    corrected.set(3, Pets.row("pet-023", new float[] {1, 2, 3, 4, 5, 6}, 2L));
    SparkSession spark = LocalSession.open();
    new DailyPets(spark, folder).write(SECOND, corrected);
    spark.stop();
  }

  private void refusedWhileAnotherRunPromotes() {
    Console console = new Console(new PrintStream(System.err, true, StandardCharsets.UTF_8), false);
    try (RunLease held =
        RunLease.take(Leased.model(model()), "other", new Configuration(), console)) {
      CommandLineRun second = run("promote", "--catalogue", catalogue());
      assertThat(second.exit()).as(second.err()).isEqualTo(5);
      assertThat(second.err()).contains("Model '", "is held by run other (");
      held.requireHeld();
    }
    assertThat(model().current()).isEmpty();
  }

  private JsonNode promote() {
    return done(
        "promote",
        "--catalogue",
        catalogue(),
        "--set",
        "evaluate.gates=[\"student.accuracy >= 0\"]");
  }

  private static String learnedFrom(JsonNode version) {
    JsonNode table = version.path("learned_from").get(0);
    return table.path("version").asInt() + " " + table.path("dates");
  }

  private static String seen(String first, String deleted, String unchanged) {
    return "{\"%s\":\"%s\",\"%s\":\"%s\",\"%s\":\"%s\"}"
        .formatted(OF_FIRST_DAY, first, DELETED, deleted, UNCHANGED, unchanged);
  }

  private List<JsonNode> lineage() {
    JsonNode said =
        command(
            "lineage",
            "--catalogue",
            catalogue(),
            "--sample-id",
            UNCHANGED,
            "--sample-id",
            DELETED,
            "--sample-id",
            OF_FIRST_DAY);
    return StreamSupport.stream(said.path("students").spliterator(), false).toList();
  }

  private static List<String> outcomes(JsonNode summary) {
    List<String> outcomes = new ArrayList<>();
    summary.path("stages").forEach(stage -> outcomes.add(stage.path("outcome").asText()));
    return outcomes;
  }

  private Model model() {
    return new Model(
        new org.apache.hadoop.fs.Path(folder.resolve("models/pets").toUri()), new Configuration());
  }

  private String catalogue() {
    return folder.resolve("models").toString();
  }

  private JsonNode done(String command, String... more) {
    CommandLineRun run = run(command, more);
    assertThat(run.exit()).as(command + ": " + run.err()).isZero();
    return run.summary();
  }

  private CommandLineRun run(String command, String... more) {
    List<String> line =
        new ArrayList<>(List.of(command, "--recipe", folder.resolve("pets.conf").toString()));
    line.addAll(List.of(more));
    return CommandLineRun.of(line.toArray(String[]::new));
  }

  private static JsonNode command(String... line) {
    CommandLineRun run = CommandLineRun.of(line);
    assertThat(run.exit()).as(run.err()).isZero();
    return run.summary();
  }
}
