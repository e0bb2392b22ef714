package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.ModelProto;
import com.fasterxml.jackson.databind.JsonNode;
import io.lakestill.export.OnnxWriter;
import io.lakestill.signal.SignalFile;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import io.lakestill.student.Flatten;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.Parameters;
import io.lakestill.student.Relu;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a run will cost, against what it does cost. */
class PlanCommandTest {
  private static final List<String> CLASSES =
      IntStream.range(0, 10).mapToObj(String::valueOf).toList();

  @TempDir private Path folder;

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

  /** Of digits, {@code [1, 8, 8]}: 64 values, then 48 of embedding, then ten logits. */
  @BeforeEach
  void writeTeacher() throws IOException {
    List<Layer> layers =
        List.of(
            new Flatten("flat", Layer.INPUT),
            new Linear("hidden", "flat", 48, true),
            new Relu("rectified", "hidden"),
            new Linear("output", "rectified", 10, true));
    StudentGraph graph =
        new StudentGraph(
            new Shape(List.of(1, 8, 8)), layers, Map.of("logits", "output", "embedding", "hidden"));
    byte[] onnx = new OnnxWriter(13).write(graph, Parameters.initial(graph, 7), CLASSES);
    Files.write(folder.resolve("teacher.onnx"), onnx);
    Files.writeString(
        folder.resolve("digits.conf"),
        """
        name = digits
        output = "%1$s/out"
        data {
          train = ${lakestill.home}/conf/quickstart/digits.parquet
          train-where = "split = 'train'"
          validation = ${data.train}
          validation-where = "split = 'valid'"
          test = ${data.train}
          test-where = "split = 'test'"
          classes = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
          features { columns = [pixels], shape = [1, 8, 8], scale = 0.0625 }
          views { count = 2, seed = 17, transforms = [{ type = shift, pixels = 1 }] }
        }
        teacher {
          id = oracle
          onnx = "%1$s/teacher.onnx"
          outputs { logits = logits, embedding = embedding }
          check { accuracy-floor = 0 }
        }
        student { architecture = mlp, hidden = [8] }
        train { objectives = [{ type = kd-kl }], epochs = 3, batch = 64, seeds = [1, 2] }
        """
            .formatted(folder));
  }

  private CommandLineRun plan(String... more) {
    return run("plan", more);
  }

  private CommandLineRun run(String command, String... more) {
    String recipe = folder.resolve("digits.conf").toString();
    return CommandLineRun.of(
        Stream.concat(Stream.of(command, "--recipe", recipe), Stream.of(more))
            .toArray(String[]::new));
  }

  private static JsonNode sound(CommandLineRun run) {
    assertThat(run.exit()).as(run.err()).isZero();
    return run.summary();
  }

  private static JsonNode teacher(CommandLineRun run) {
    return sound(run).path("teachers").get(0);
  }

  private SignalManifest taught(String... settings) {
    sound(run("teach", settings));
    org.apache.hadoop.fs.Path table =
        new org.apache.hadoop.fs.Path(folder.resolve("out/signals/oracle").toUri());
    return new SignalTable(table, new Configuration()).current().orElseThrow();
  }

  private static long bytes(SignalManifest manifest) {
    return manifest.files().stream().mapToLong(SignalFile::bytes).sum();
  }

  /** Within 15 % of what is written, by made-up numbers; within 5 % by the teacher's own. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "signals.codec=dense32",
        "signals.codec=dense16",
        "signals.codec=int8,signals.codecs.logits=int8",
        "signals.codecs.logits=topk"
      })
  void bytesAreThoseOfTheTableThatIsWritten(String settings) {
    String[] set =
        Stream.of(settings.split(",")).flatMap(s -> Stream.of("--set", s)).toArray(String[]::new);
    JsonNode assumed = teacher(plan(set));
    JsonNode spoken =
        teacher(
            plan(
                Stream.concat(Stream.of(set), Stream.of("--time", "--sample", "2048"))
                    .toArray(String[]::new)));

    SignalManifest manifest = taught(set);

    double written = bytes(manifest);
    assertThat(assumed.path("values").asText()).isEqualTo("assumed");
    assertThat(assumed.path("totals").path("recipe").path("bytes").asDouble())
        .isCloseTo(written, within(0.15 * written));
    assertThat(spoken.path("values").asText()).isEqualTo("spoken");
    assertThat(spoken.path("totals").path("recipe").path("bytes").asDouble())
        .isCloseTo(written, within(0.05 * written));
  }

  @Test
  void rowsAreThoseThatAreTaught() {
    JsonNode rows = sound(plan()).path("rows");

    SignalManifest manifest = taught();

    assertThat(rows.path("counted").asBoolean()).isTrue();
    assertThat(rows.path("views").asInt()).isEqualTo(2);
    assertThat(rows.path("signal_rows").asLong())
        .isEqualTo(manifest.rows() + manifest.quarantinedRows())
        .isEqualTo(
            2 * rows.path("training_examples").asLong()
                + rows.path("validation_examples").asLong());
  }

  @Test
  void examplesHeldOutByHashAreAboutAsMany() {
    JsonNode rows =
        sound(plan("--set", "data.validation=null", "--set", "data.validation-where=null"))
            .path("rows");

    assertThat(rows.path("counted").asBoolean()).isFalse();
    assertThat(rows.path("training_examples").asLong() + rows.path("validation_examples").asLong())
        .isEqualTo(1258);
    assertThat(rows.path("validation_examples").asLong()).isEqualTo(126);
  }

  /** A teacher that cannot run is planned for all the same: nobody looks but at its shapes. */
  @Test
  void loadsNoModel() throws IOException {
    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(folder.resolve("teacher.onnx")));
    var broken = model.toBuilder();
    broken.getGraphBuilder().getNodeBuilder(1).setOpType("NoSuchOperator");
    Files.write(folder.resolve("teacher.onnx"), broken.build().toByteArray());

    JsonNode teacher = teacher(plan());

    assertThat(teacher.path("signals").get(0).path("width_from").asText())
        .isEqualTo("data.classes");
    assertThat(teacher.path("signals").get(1).path("width").asInt()).isEqualTo(48);
    assertThat(teacher.path("signals").get(1).path("width_from").asText())
        .isEqualTo("the ONNX file");
    assertThat(plan("--time").exit()).isEqualTo(3);
  }

  @Test
  void saysWhichWidthItDoesNotKnow() {
    String inner = "teacher.outputs.map=\"rectified:0\"";
    CommandLineRun unknown = plan("--set", inner);
    CommandLineRun given = plan("--set", inner, "--width", "map=48");
    CommandLineRun timed = plan("--set", inner, "--time", "--sample", "16");

    assertThat(unknown.out()).contains("the width of map is not known", "give --width map=N, or");
    assertThat(teacher(unknown).path("totals")).isEmpty();
    assertThat(teacher(given).path("totals").path("recipe").path("bytes").asLong()).isPositive();
    assertThat(teacher(given).path("signals").get(2).path("width_from").asText())
        .isEqualTo("--width");
    assertThat(teacher(timed).path("signals").get(2).path("width").asInt()).isEqualTo(48);
  }

  @Test
  void aGivenSpeedDecidesHoursAndCores() {
    // 2,695 rows in tasks of 100: 27 tasks of 1 s at 100 rows a second.
    JsonNode teacher =
        teacher(
            plan(
                "--rows-per-second",
                "100",
                "--within",
                "10s",
                "--set",
                "signals.rows-per-task=100",
                "--executor-cores",
                "2"));

    assertThat(teacher.path("cost").path("from").asText()).isEqualTo("given");
    assertThat(teacher.path("cost").path("core_hours").asDouble())
        .isCloseTo(2695 / 100.0 / 3600, within(1e-9));
    JsonNode shape = teacher.path("teach");
    assertThat(shape.path("tasks").asInt()).isEqualTo(27);
    assertThat(shape.path("cores").asInt()).isEqualTo(3);
    assertThat(shape.path("executors").asInt()).isEqualTo(2);
    assertThat(shape.path("seconds").asDouble()).isCloseTo(9, within(0.01));
  }

  @Test
  void breakEvenCountsEpochsOverAllTrainings() {
    JsonNode even =
        teacher(plan("--time", "--rows-per-second", "oracle=50", "--within", "1h"))
            .path("break_even");

    assertThat(even.path("pass_in_epochs").asDouble()).isCloseTo(2695 / 1258.0, within(1e-9));
    assertThat(even.path("epochs").asInt()).isEqualTo(3);
    assertThat(even.path("trainings").asInt()).isEqualTo(1);
    assertThat(even.path("recipe_total_epochs").asInt()).isEqualTo(6);
    assertThat(even.path("factor").asDouble()).isCloseTo(6 / (2695 / 1258.0), within(1e-9));
  }

  @Test
  void timesTheTeacherThatExists() {
    CommandLineRun run =
        plan("--time", "--sample", "200", "--core-hour", "0.1", "--gigabyte-month", "0.02");

    JsonNode cost = teacher(run).path("cost");
    assertThat(cost.path("from").asText()).isEqualTo("timed");
    assertThat(cost.path("sample_rows").asInt()).isEqualTo(200);
    assertThat(cost.path("rows_per_second").asDouble()).isPositive();
    assertThat(cost.path("teacher_rows_per_second").asDouble())
        .isGreaterThan(cost.path("rows_per_second").asDouble());
    assertThat(cost.path("months").asDouble())
        .isCloseTo(
            cost.path("price").asDouble() / cost.path("price_month").asDouble(), within(1e-9));
    assertThat(teacher(run).path("break_even").path("relative_cost").asDouble()).isGreaterThan(1);
  }

  @Test
  void aTrainingTakesCoresThatDivideItsBatch() {
    JsonNode train = sound(plan("--cores", "10", "--executor-cores", "4")).path("train");

    assertThat(train.path("executors").asInt()).isEqualTo(2);
    assertThat(train.path("executor_cores").asInt()).isEqualTo(4);
    assertThat(train.path("rows_per_core").asInt()).isEqualTo(8);
    assertThat(train.path("trainings").asInt()).isEqualTo(4);
    assertThat(train.path("packed_bytes").asLong()).isEqualTo(4L * 2695 * (64 + 1 + 10));
    assertThat(train.path("executor_memory").asText()).isEqualTo("1g");
  }

  @Test
  void aPersonSeesATable() {
    CommandLineRun run = plan();

    assertThat(run.exit()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("plan of recipe digits")
        .contains("  1,258 examples to learn from, 2 view(s) of each, 179 to validate with")
        .containsPattern("signal +values +dense32 +dense16 +int8 +topk 4 +topk 8")
        .containsPattern("key, hash, label... +\\d+\\.\\d")
        .containsPattern(
            "logits +10 +\\d+\\.\\d\\* +\\d+\\.\\d +\\d+\\.\\d +\\d+\\.\\d +\\d+\\.\\d")
        .containsPattern("embedding +48 +\\d+\\.\\d +\\d+\\.\\d\\* +\\d+\\.\\d +- +-")
        .contains("cost: not known; no model was run; give --rows-per-second, or --time")
        .contains("Caching pays from 3 epochs on, over all students and seeds")
        .contains("Spark, teach: 1 tasks of up to 2,695 rows on 1 cores")
        .contains("--conf spark.dynamicAllocation.enabled=false");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2 | --within 1h | --within needs to know how fast teacher 'oracle' is; give",
        "2 | --within soon --time | --within 'soon' is no time; give one such as 90s, 30min",
        "2 | --within 1h --cores 3 | Give --within or --cores, not both.",
        "2 | --time --rows-per-second 3 | Give --rows-per-second or --time, not both.",
        "2 | --sample 100001 | --sample must be at most 100,000, is 100,001.",
        "2 | --time --within 1h --set teacher.onnx=null --set teacher.outputs.logits=null --set"
            + " data.views.count=1 --set data.views.transforms=[] --set"
            + " teacher.table={path=/nowhere,logits=a} | --rows-per-second oracle=R, since only a",
        "2 | --rows-per-second fast | --rows-per-second 'fast' is neither a number nor",
        "2 | --rows-per-second 0 | --rows-per-second must be a positive number, is 0.0.",
        "2 | --rows-per-second vit=3 | --rows-per-second names 'vit'; the recipe's teachers are",
        "2 | --width embeding=3 | --width names 'embeding', which is no signal of the recipe's",
        "2 | --width embedding=0 | --width embedding must be a positive number, is 0.0.",
        "2 | --cores 0 | --cores must be a positive number, is 0.0.",
        "2 | --core-hour 1 | Give --core-hour and --gigabyte-month together.",
        "3 | --set data.train=/nowhere | There is no table at '/nowhere'; correct its path.",
        "3 | --set data.train-where=false | has no row where false; correct the path or the",
        "3 | --set teacher.onnx=/nowhere.onnx | There is no ONNX file '/nowhere.onnx'; correct"
      })
  void refusesWhatCannotBePlanned(int exit, String options, String message) {
    CommandLineRun run = plan(options.split(" "));

    assertThat(run.exit()).as(run.out()).isEqualTo(exit);
    assertThat(run.err()).contains(message);
  }

  @Test
  void aRecipeWithoutATeacherHasATrainingToPlan() {
    CommandLineRun run =
        plan("--set", "teacher=null", "--set", "train.objectives=[{type=cross-entropy}]");

    assertThat(sound(run).path("teachers")).isEmpty();
    assertThat(run.out()).contains("the recipe has no teacher: nothing is taught");
    assertThat(run.summary().path("train").path("trainings").asInt()).isEqualTo(2);
  }
}
