package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakestill.jobs.SubmittedRuns.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * The application jar as users run it: through spark-submit, in processes of its own, on the real
 * digits. The tests build on each other's output, as the runs of a real project do.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PipelineIT {
  private static final Path HOME = Path.of("..").toAbsolutePath().normalize();
  private static final Path DIGITS = HOME.resolve("conf/quickstart/digits.parquet");

  @TempDir static Path folder;
  @TempDir static Path secretFolder;

  private static Path output;
  private static CanarySecrets secrets;
  private static SubmittedRuns runs;

  @BeforeAll
  static void nameOutput() throws Exception {
    output = folder.resolve("digits out");
    secrets = CanarySecrets.in(secretFolder);
    runs = SubmittedRuns.in(folder, secrets);
  }

  @AfterEach
  void endProcess() {
    runs.end();
  }

  @Test
  @Order(1)
  void distilsADigitsTeacherIntoAStudentAndScoresBoth() throws Exception {
    Run run = quickstart();

    assertThat(run.exit()).as(run.stderr()).isZero();
    assertThat(run.outcomes()).hasSize(12).containsOnly("done");
    assertThat(output.resolve("signals/digits-cnn/_lakestill/CURRENT")).hasContent("1");
    for (String model : List.of("teacher", "student", "scratch")) {
      assertThat(output.resolve(model).resolve(model + ".onnx")).exists();
      assertThat(output.resolve(model).resolve(model + ".bigdl")).exists();
      assertThat(output.resolve(model).resolve("bundle.json")).exists();
    }
    assertThat(output.resolve("seeds/seed=2/student/student.onnx")).exists();
    assertThat(output.resolve("tensorboard/student/seed=1/train")).isNotEmptyDirectory();
    JsonNode card = json("scorecard.json");
    for (String model : List.of("teacher", "student", "scratch")) {
      for (String measure :
          List.of("accuracy", "cross_entropy", "calibration_error", "parameters", "bytes")) {
        assertThat(card.at("/" + model + "/" + measure).isNumber()).as(measure).isTrue();
      }
      assertThat(card.at("/" + model + "/rows_per_second").asDouble()).isPositive();
    }
    assertThat(card.at("/teacher/accuracy").asDouble()).isGreaterThan(0.8);
    assertThat(card.at("/student/agreement").asDouble()).isBetween(0.5, 1.0);
    assertThat(card.at("/student/kl_to_teacher").asDouble()).isPositive();
    assertThat(card.at("/test_rows").asInt()).isEqualTo(360);
    assertThat(card.at("/seeds")).hasSize(2);
    assertThat(output.resolve("scorecard.html")).content().contains("<svg").contains("</html>");
    assertThat(json("run.json")).isEqualTo(run.summary());
  }

  @Test
  @Order(2)
  void rerunFindsEveryStageDoneAndChangesNoResult() throws Exception {
    Map<String, Long> before = modified();

    Run run = quickstart();

    assertThat(run.exit()).as(run.stderr()).isZero();
    assertThat(run.outcomes()).hasSize(12).containsOnly("already done");
    Map<String, Long> after = modified();
    for (Map<String, Long> files : List.of(before, after)) {
      files.keySet().removeIf(name -> name.startsWith("run.") || name.startsWith("scorecard."));
    }
    assertThat(after).isEqualTo(before);
  }

  @Test
  @Order(3)
  void gateThatIsNotMetEndsWithSixAndKeepsTheScorecard() throws Exception {
    Run run = quickstart("--set", "evaluate.gates=[\"student.accuracy >= 1.5\"]");

    assertThat(run.exit()).as(run.stderr()).isEqualTo(6);
    assertThat(run.stderr()).contains("student.accuracy >= 1.5");
    assertThat(run.summary().get("exit").asInt()).isEqualTo(6);
    assertThat(json("scorecard.json").get("passed").asBoolean()).isFalse();
    assertThat(json("run.json").get("exit").asInt()).isEqualTo(6);
  }

  @Test
  @Order(4)
  void batchThatCoresCannotShareIsRefusedBeforeTraining() throws Exception {
    Path checkpoint = output.resolve("checkpoints/student/seed=1/checkpoint.json");
    byte[] before = Files.readAllBytes(checkpoint);

    Run run = quickstart("--set", "train.batch=127");

    assertThat(run.exit()).as(run.stderr()).isEqualTo(2);
    assertThat(run.stderr())
        .contains("train.batch")
        .contains("127")
        .contains("126")
        .contains("128");
    assertThat(checkpoint).hasBinaryContent(before);
  }

  @Test
  @Order(5)
  void labelOutsideTheLabelSpaceEndsWithThreeAndKeepsTheSignals() throws Exception {
    Run run =
        quickstart(
            "--set",
            "data.classes=[a,b,c,d,e,f,g,h,i]",
            "--set",
            "evaluate.gates=[]",
            "--set",
            "teacher.graph.layers=[{type=flatten},{type=linear,width=9}]",
            "--set",
            "teacher.graph.outputs=null",
            "--set",
            "teacher.outputs.embedding=null");

    assertThat(run.exit()).as(run.stderr()).isEqualTo(3);
    assertThat(run.stderr()).contains("label").contains("digits-");
    assertThat(output.resolve("signals/digits-cnn/_lakestill/CURRENT")).hasContent("1");
  }

  @Test
  @Order(6)
  void predictScoresATableWithTheStudent() throws Exception {
    Path scored = folder.resolve("scored");

    Run run =
        runs.submit(
            "predict",
            "--bundle",
            output.resolve("student").toString(),
            "--input",
            DIGITS.toString(),
            "--where",
            "split = 'test'",
            "--to",
            scored.toString());

    assertThat(run.exit()).as(run.stderr()).isZero();
    assertThat(run.summary().get("rows").asInt()).isEqualTo(360);
    assertThat(run.summary().get("problems").asInt()).isZero();
    Dataset<Row> rows = LocalSession.open().read().parquet(scored.toString());
    assertThat(rows.columns())
        .containsExactly(
            "sample_id",
            "label",
            "split",
            "prediction",
            "prediction_index",
            "confidence",
            "logits",
            "problem");
    long right = rows.where("prediction = cast(label as string)").count();
    assertThat(right / 360.0)
        .isCloseTo(json("scorecard.json").at("/student/accuracy").asDouble(), within(1e-9));

    Run again =
        runs.submit(
            "predict",
            "--bundle",
            output.resolve("student").toString(),
            "--input",
            DIGITS.toString(),
            "--to",
            scored.toString());
    assertThat(again.exit()).isEqualTo(2);
    assertThat(again.stderr()).contains("exists already");
  }

  @Test
  @Order(7)
  void damagedBundleIsNamedAndRefused() throws Exception {
    Path model = output.resolve("student/student.onnx");
    byte[] bytes = Files.readAllBytes(model);
    bytes[bytes.length / 2] ^= 1;
    Files.write(model, bytes);
    Files.deleteIfExists(output.resolve("student/.student.onnx.crc"));

    Run run =
        runs.submit(
            "evaluate",
            "--recipe",
            recipe(),
            "--output",
            output.toString(),
            "--set",
            "train.seeds=[1,2]");

    assertThat(run.exit()).as(run.stderr()).isEqualTo(3);
    assertThat(run.stderr()).contains("student.onnx' is damaged");
  }

  @Test
  @Order(7)
  void looksIntoItsSignalTableAndAtTheMachine() throws Exception {
    for (String[] command :
        new String[][] {
          {"inspect", "--table", output.resolve("signals/digits-cnn").toString()},
          {"doctor", "--output", output.toString()}
        }) {
      Run run = runs.submit(command);

      assertThat(run.exit()).as(run.stderr()).isZero();
    }
  }

  @Test
  @Order(8)
  void everyJobOfEveryRunSaysWhatItDoesOnSparksPages() throws Exception {
    List<EventLog> logs = EventLog.in(runs.events());

    assertThat(logs).hasSizeGreaterThanOrEqualTo(7);
    for (EventLog log : logs) {
      for (EventLog.Job job : log.jobs()) {
        assertThat(job.group()).as(job.toString()).isNotBlank();
        assertThat(job.description()).startsWith(job.group()).contains(": ");
        assertThat(job.stages())
            .as("no line of code: %s", job)
            .isNotEmpty()
            .noneMatch(stage -> stage.matches("\\S+ at \\S+:\\d+"));
      }
      assertThat(log.queries()).allMatch(query -> query.contains(": "));
    }
    assertThat(logs.stream().flatMap(log -> log.jobs().stream()).map(EventLog.Job::description))
        .anyMatch(all -> all.matches("teach digits-cnn: score [0-9]+ rows in [0-9]+ tasks"))
        .anyMatch(
            all ->
                all.matches(
                    "train student, seed 2: steps [0-9]+ to [0-9]+ of [0-9]+, epoch [0-9]+"))
        .anyMatch(all -> all.matches("evaluate: score 360 rows with 5 models"))
        .anyMatch(all -> all.startsWith("predict "));
  }

  @Test
  @Order(9)
  void theRunsFiguresAreAmongSparksMetrics() throws Exception {
    assertThat(runs.largest("teach.rows")).isPositive();
    assertThat(runs.largest("executor.teach.rows"))
        .isGreaterThanOrEqualTo(runs.largest("teach.rows"));
    assertThat(runs.largest("train.step")).isPositive().isEqualTo(runs.largest("train.steps"));
    assertThat(runs.largest("train.loss")).isPositive();
    assertThat(runs.largest("train.samplesPerSecond")).isPositive();
    assertThat(runs.largest("train.phase.modelSeconds")).isPositive();
    assertThat(runs.largest("train.validationAccuracy")).isBetween(0.1, 1.0);
  }

  @Test
  @Order(9)
  void aCatalogueSeesWhichStudentCameFromWhichSignalsAndExamples() throws Exception {
    LineageEvents events = LineageEvents.read(runs.lineage());

    JsonNode teach = events.ofStage("teach.digits-cnn");
    assertThat(LineageEvents.names(teach, "inputs"))
        .containsExactlyInAnyOrder(DIGITS.toString(), output.resolve("teacher").toString());
    assertThat(LineageEvents.names(teach, "outputs"))
        .containsExactly(output.resolve("signals/digits-cnn").toString());
    assertThat(teach.at("/outputs/0/namespace").asText()).isEqualTo("file");
    assertThat(teach.at("/outputs/0/facets/version/datasetVersion").asText()).isEqualTo("1");
    assertThat(teach.at("/outputs/0/outputFacets/outputStatistics/rowCount").asInt())
        .isGreaterThan(2000);
    JsonNode train = events.ofStage("train.student.seed-1");
    assertThat(LineageEvents.names(train, "inputs"))
        .contains(DIGITS.toString())
        .containsAll(LineageEvents.names(teach, "outputs"));
    JsonNode export = events.ofStage("export.student.seed-1");
    assertThat(LineageEvents.names(export, "inputs"))
        .isEqualTo(LineageEvents.names(train, "outputs"));
    assertThat(LineageEvents.names(export, "outputs"))
        .containsExactly(output.resolve("student").toString());

    assertThat(events.all())
        .as("Spark's own reading is told under the same names, by the run that ours are part of")
        .anySatisfy(
            event -> {
              assertThat(event.at("/job/name").asText()).startsWith("lakestill_quickstart");
              assertThat(LineageEvents.names(event, "inputs")).contains(DIGITS.toString());
            })
        .anySatisfy(
            event -> {
              assertThat(event.at("/eventType").asText()).isEqualTo("START");
              assertThat(event.at("/run/runId"))
                  .isEqualTo(teach.at("/run/facets/parent/run/runId"));
              assertThat(event.at("/job/name")).isEqualTo(teach.at("/run/facets/parent/job/name"));
            });
  }

  @Test
  @Order(10)
  void aSecretAmongTheArgumentsIsRefusedAndNotRepeated() throws Exception {
    Run run = quickstart("--set", "data.train=s3a://key:%s@bucket/t".formatted(secrets.argument()));

    assertThat(run.exit()).as(run.stderr()).isEqualTo(2);
    assertThat(run.stderr()).contains("is a secret among the arguments");
    assertThat(run.summary().get("command").asText()).isEqualTo("quickstart");
  }

  /** Of runs that ended well and of runs that failed. */
  @Test
  @Order(11)
  void noSecretIsInAnythingThatTheRunsLeft() throws Exception {
    assertThat(secrets.foundIn(secretFolder)).as("what is looked for is found").isNotEmpty();

    assertThat(secrets.foundIn(folder)).isEmpty();
  }

  private Run quickstart(String... more) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("quickstart", "--output", output.toString()));
    Map<String, String> small =
        Map.of(
            "data.views.count", "2",
            "teacher.train.epochs", "6",
            "train.epochs", "6",
            "train.seeds", "[1,2]");
    List<String> gates = List.of(more);
    small.forEach((key, value) -> arguments.addAll(List.of("--set", key + "=" + value)));
    if (gates.stream().noneMatch(option -> option.startsWith("evaluate.gates"))) {
      arguments.addAll(List.of("--set", "evaluate.gates=[\"student.accuracy > 0.3\"]"));
    }
    arguments.addAll(gates);
    return runs.submit(arguments.toArray(String[]::new));
  }

  private static String recipe() {
    return HOME.resolve("conf/recipes/quickstart.conf").toString();
  }

  private static JsonNode json(String name) throws IOException {
    return new ObjectMapper().readTree(output.resolve(name).toFile());
  }

  private static Map<String, Long> modified() throws IOException {
    Map<String, Long> times = new HashMap<>();
    try (Stream<Path> files = Files.walk(output)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = output.relativize(file).toString();
        if (!file.getFileName().toString().startsWith(".")) {
          times.put(name, Files.getLastModifiedTime(file).toMillis());
        }
      }
    }
    return times;
  }
}
