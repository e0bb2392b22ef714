package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.export.OnnxWriter;
import io.lakestill.io.Json;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.codec.Dense16;
import io.lakestill.student.Flatten;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.Parameters;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs on the digits whose student learns from maps, from one teacher and from several. */
class SeveralTeachersTest {
  private static final Path HOME = Path.of("..").toAbsolutePath().normalize();
  private static final String DATA =
      """
      name = digits
      output = out
      data {
        train = ${lakestill.home}/conf/quickstart/digits.parquet
        train-where = "split = 'train'"
        validation = ${data.train}
        validation-where = "split = 'valid'"
        test = ${data.train}
        test-where = "split = 'test'"
        classes = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
        features { columns = [pixels], shape = [1, 8, 8], scale = 0.0625 }
      }
      student {
        layers = [
          { type = convolution, channels = 3, kernel = 3, padding = 1 }
          { type = relu, name = first }
          { type = flatten }
          { type = linear, width = 10 }
        ]
        outputs { map_first = first }
      }
      train { epochs = 1, batch = 64, optimizer { learning-rate = 1e-2 } }
      """;
  private static final String TRAINED_HERE =
      """
        id = cnn
        graph {
          layers = [
            { type = convolution, channels = 4, kernel = 3, padding = 1 }
            { type = relu, name = first }
            { type = max-pooling, kernel = 2, stride = 2 }
            { type = flatten }
            { type = linear, width = 10 }
          ]
          outputs { map_first = first }
        }
        outputs { map_first = map_first }
        train {
          objectives = [{ type = cross-entropy }]
          epochs = 2
          batch = 64
          optimizer { learning-rate = 1e-2 }
        }
      """;
  private static final String ONE =
      """
      teacher {
      %s
      }
      train.objectives = [
        { type = attention-transfer, weight = 10, student { map = map_first }, teacher { map = map_first } }
        { type = cross-entropy }
      ]
      """
          .formatted(TRAINED_HERE);

  /**
   * The second sees the digits through a normalisation of its own, and gives a tensor inside it.
   */
  private static final String SEVERAL =
      """
      teachers = [
        {
      %s
        }
        {
          id = flat
          onnx = ${lakestill.recipe-folder}/flat.onnx
          normalise { mean = [0.5], deviation = [0.25] }
          outputs { pixels = "flat:0" }
          check.accuracy-floor = 0  # Its weights are drawn at random.
        }
      ]
      train.objectives = [
        { type = ensemble-mean-logits-kl }
        { type = attention-transfer, weight = 10, student { map = map_first }, teacher { map = map_first.1 } }
        { type = cross-entropy }
      ]
      """
          .formatted(TRAINED_HERE);

  @TempDir private Path folder;

  private final PrintStream out = System.out;
  private final ByteArrayOutputStream stdout = new ByteArrayOutputStream();

  @BeforeEach
  void capture() {
    System.setProperty("spark.master", "local[2]");
    System.setProperty("spark.ui.enabled", "false");
    System.setOut(new PrintStream(stdout, true, StandardCharsets.UTF_8));
  }

  @AfterEach
  void release() {
    System.setOut(out);
    Stream.of("spark.master", "spark.ui.enabled").forEach(System::clearProperty);
  }

  @Test
  void aStudentLearnsFromAMapOfATeacherTrainedHere() throws IOException {
    ObjectNode run = run("run", write("data.conf", DATA), write("method.conf", ONE));

    assertThat(stages(run))
        .containsExactly(
            "train teacher, seed 1",
            "export teacher, seed 1",
            "teach cnn",
            "train student, seed 1",
            "train scratch, seed 1",
            "export student, seed 1",
            "export scratch, seed 1",
            "evaluate");
    assertThat(signals("cnn").signals())
        .containsExactly(
            new SignalColumn("logits", 10),
            new SignalColumn("map_first", List.of(4, 8, 8), new Dense16()));
    assertThat(scorecard().has("teachers")).isFalse();
    assertThat(output().resolve("teacher/teacher.onnx")).exists();
  }

  @Test
  void eachTeacherHasItsOwnTableItsOwnEyesAndItsOwnScore() throws IOException {
    Path data = write("data.conf", DATA);
    Path method = write("method/method.conf", SEVERAL);
    Files.write(folder.resolve("method/flat.onnx"), flatTeacher());

    ObjectNode run = run("run", data, method);

    assertThat(stages(run))
        .startsWith(
            "train teacher cnn, seed 1",
            "export teacher cnn, seed 1",
            "teach cnn",
            "teach flat",
            "train student, seed 1");
    assertThat(run.get("teachers"))
        .extracting(teacher -> teacher.get("id").textValue())
        .containsExactly("cnn", "flat");
    assertThat(run.has("signals")).isFalse();
    assertThat(output().resolve("teachers/cnn/teacher.onnx")).exists();
    assertThat(output().resolve("teacher")).doesNotExist();
    assertThat(signals("flat").signals())
        .containsExactly(
            new SignalColumn("logits", 10), new SignalColumn("pixels", List.of(64), new Dense16()));
    assertThat(signals("flat").preprocessing()).isNotEqualTo(signals("cnn").preprocessing());
    assertThat(signals("flat").rows()).isEqualTo(signals("cnn").rows());

    JsonNode teachers = scorecard().get("teachers");
    assertThat(teachers)
        .extracting(teacher -> teacher.get("id").textValue())
        .containsExactly("cnn", "flat");
    assertThat(teachers.get(0).get("accuracy")).isEqualTo(scorecard().at("/teacher/accuracy"));
    assertThat(teachers.get(0).get("accuracy").doubleValue()).isGreaterThan(0.5);
    assertThat(teachers.get(1).get("accuracy").doubleValue())
        .as("random weights")
        .isCloseTo(0.1, within(0.2));
    assertThat(teachers.get(1).get("parameters").longValue()).isEqualTo(650);
    assertThat(scorecard().get("signal_tables"))
        .extracting(table -> table.get("path").textValue().replaceFirst("^.*/signals/", ""))
        .containsExactly("cnn", "flat");

    ObjectNode again = run("run", data, method);
    assertThat(again.get("stages"))
        .allSatisfy(stage -> assertThat(stage.toString()).contains("already done"));
    assertThat(run("export", data, method).get("exit").intValue()).isZero();
    assertThat(run("evaluate", data, method).get("passed").booleanValue()).isTrue();
    predicts();
  }

  private void predicts() {
    String scored = folder.resolve("scored").toString();
    assertThat(
            Lakestill.execute(
                "predict",
                "--bundle",
                output().resolve("student").toString(),
                "--input",
                HOME.resolve("conf/quickstart/digits.parquet").toString(),
                "--to",
                scored))
        .isZero();
    assertThat(lastLine().get("problems").intValue()).isZero();
  }

  /** {@code flatten, linear} with weights that nobody trained. */
  private static byte[] flatTeacher() {
    StudentGraph graph =
        new StudentGraph(
            new Shape(List.of(1, 8, 8)),
            List.of(new Flatten("flat", Layer.INPUT), new Linear("output", "flat", 10, true)),
            Map.of("logits", "output"));
    Random random = new Random(3);
    float[] weights = new float[640];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) random.nextGaussian() / 8;
    }
    Parameters parameters =
        Parameters.of(graph, Map.of("output.weight", weights, "output.bias", new float[10]));
    return new OnnxWriter(13)
        .write(graph, parameters, IntStream.range(0, 10).mapToObj(String::valueOf).toList());
  }

  private ObjectNode run(String command, Path... recipes) {
    List<String> arguments = new ArrayList<>(List.of(command, "--output", output().toString()));
    Stream.of(recipes).forEach(file -> arguments.addAll(List.of("--recipe", file.toString())));
    int exit = Lakestill.execute(arguments.toArray(String[]::new));
    assertThat(exit).as(stdout.toString(StandardCharsets.UTF_8)).isZero();
    return lastLine();
  }

  private ObjectNode lastLine() {
    List<String> lines = stdout.toString(StandardCharsets.UTF_8).lines().toList();
    return Json.parse(lines.get(lines.size() - 1), "stdout");
  }

  private static List<String> stages(ObjectNode run) {
    List<String> stages = new ArrayList<>();
    run.get("stages").forEach(stage -> stages.add(stage.get("stage").textValue()));
    return stages;
  }

  private SignalManifest signals(String teacher) {
    org.apache.hadoop.fs.Path table =
        new org.apache.hadoop.fs.Path(output().resolve("signals").resolve(teacher).toString());
    return new SignalTable(table, new Configuration()).current().orElseThrow();
  }

  private ObjectNode scorecard() throws IOException {
    return Json.parse(Files.readString(output().resolve("scorecard.json")), "scorecard.json");
  }

  private Path output() {
    return folder.resolve("out");
  }

  private Path write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }
}
