package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.export.OnnxWriter;
import io.lakestill.io.Json;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.RecipeReader;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.Parameters;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A teacher that is told the answer: two numbers of a column the student never sees; the student
 * sees four, of which the sum of two is, with noise, the class.
 */
class PrivilegedFeaturesTest {
  private static final SparkSession SPARK = LocalSession.open();
  private static final StructType SCHEMA =
      StructType.fromDDL(
          "sample_id string, plain array<float>, told array<double>, also binary, label bigint");

  private static final Set<Stage> TEACH = EnumSet.of(Stage.TEACH);
  private static final Set<Stage> EVERYTHING = EnumSet.allOf(Stage.class);

  @TempDir private Path folder;
  private final List<Row> rows = new ArrayList<>();
  private String overrides = "";
  private int runs;

  @BeforeEach
  void write() throws IOException {
    Random random = new Random(5);
    for (int i = 0; i < 400; i++) {
      float[] plain = new float[4];
      for (int p = 0; p < plain.length; p++) {
        plain[p] = (float) random.nextGaussian();
      }
      int label = plain[0] + plain[1] + 0.3 * random.nextGaussian() > 0 ? 1 : 0;
      rows.add(row(i, plain, label, new double[] {label == 0 ? 10 : 0, label == 1 ? 10 : 0}));
    }
    rewrite();
    Files.write(folder.resolve("teller.onnx"), teller());
  }

  private static Row row(int i, float[] plain, int label, double[] told) {
    byte[] also = {(byte) (label == 0 ? 200 : 0), (byte) (label == 1 ? 200 : 0)};
    return RowFactory.create("row-%03d".formatted(i), plain, told, also, (long) label);
  }

  private void rewrite() {
    SPARK
        .createDataFrame(rows.subList(0, 300), SCHEMA)
        .repartition(2)
        .write()
        .mode("overwrite")
        .parquet(path("train"));
    SPARK
        .createDataFrame(rows.subList(300, 400), SCHEMA)
        .coalesce(1)
        .write()
        .mode("overwrite")
        .parquet(path("test"));
  }

  /** Its logits are its input. */
  private static byte[] teller() {
    StudentGraph graph =
        new StudentGraph(
            new Shape(List.of(2)),
            List.of(new Linear("output", Layer.INPUT, 2, false)),
            Map.of("logits", "output"));
    Parameters parameters = Parameters.of(graph, Map.of("output.weight", new float[] {1, 0, 0, 1}));
    return new OnnxWriter(13).write(graph, parameters, List.of("no", "yes"));
  }

  private String text() {
    return """
    name = told
    output = "%1$s/run"
    data {
      train = "%1$s/train", test = "%1$s/test", classes = [no, yes], validation-fraction = 0.2
      features { columns = [plain], shape = [4] }
    }
    teacher {
      id = teller
      onnx = "%1$s/teller.onnx"
      features { columns = [told], shape = [2], scale = 0.5 }
    }
    signals { batch = 32, rows-per-task = 100 }
    student { architecture = mlp, hidden = [8] }
    train {
      epochs = 15, batch = 32, optimizer.learning-rate = 0.02
      objectives = [{ type = kd-kl, temperature = 2 }]
    }
    %2$s
    """
        .formatted(folder, overrides);
  }

  private Blueprint blueprint() {
    Problems problems = new Problems();
    var draft = new RecipeReader("/", "/").draft(text(), "told", List.of(), problems);
    var made = draft.flatMap(sound -> Blueprint.of(sound, problems));
    problems.throwIfAny("told");
    return made.orElseThrow();
  }

  @Test
  void theStudentLearnsFromATeacherThatSeesMoreAndNeverMeetsThatColumn() throws Exception {
    ObjectNode summary = run(EVERYTHING);

    JsonNode card = json("run/scorecard.json");
    assertThat(card.at("/teacher/accuracy").asDouble()).isEqualTo(1);
    assertThat(card.at("/student/accuracy").asDouble()).isGreaterThan(0.85);
    assertThat(columns("student")).containsExactly("plain");
    assertThat(summary.at("/signals/checks/0/accuracy").asDouble()).isEqualTo(1);

    SignalManifest manifest = table().current().orElseThrow();
    assertThat(manifest.toJson().at("/teacher/own_features").asBoolean()).isTrue();
    table().verify(manifest);
    Row said = signals(manifest).get("row-000");
    assertThat(said.<String>getAs("teacher_content_hash"))
        .isNotEqualTo(said.<String>getAs("content_hash"));
    assertThat(said.<Float>getList(said.fieldIndex("logits"))).containsExactlyInAnyOrder(5f, 0f);
  }

  @Test
  void oneChangedCellOfThePrivilegedColumnIsTaughtAgainAlone() {
    run(TEACH);
    SignalManifest first = table().current().orElseThrow();
    Row before = rows.get(7);
    rows.set(7, row(7, (float[]) before.get(1), 1, new double[] {3, 9}));
    Row other = rows.get(8);
    rows.set(
        8,
        RowFactory.create(
            other.get(0), new float[] {1, 2, 3, 4}, other.get(2), other.get(3), other.get(4)));
    rewrite();

    run(TEACH);

    SignalManifest second = table().current().orElseThrow();
    assertThat(second.version()).isEqualTo(2);
    assertThat(second.newRows()).as("one told otherwise, one seen otherwise").isEqualTo(2);
    Row again = signals(second).get("row-007");
    assertThat(again.<Float>getList(again.fieldIndex("logits"))).containsExactly(1.5f, 4.5f);
    assertThat(second.rows()).isEqualTo(first.rows());
    run(TEACH);
    assertThat(table().current()).hasValue(second);
  }

  @Test
  void whatTheTeacherIsShownIsPartOfTheTable() {
    run(TEACH);
    overrides = "teacher.features.scale = 1";

    assertRefused(EnumSet.of(Stage.TRAIN), "was made from other numbers than the recipe's");

    overrides = "data.features.columns = [told], data.features.shape = [2]";
    run(TEACH);
    assertThat(table().current().orElseThrow().newRows())
        .as("the content of every row is another")
        .isEqualTo(300);
  }

  @Test
  void severalTeachersEachSeeTheirOwn() throws Exception {
    overrides =
        """
        teacher = null
        teachers = [
          { id = teller, onnx = "%1$s/teller.onnx", features { columns = [told], shape = [2] } }
          { id = bytes, onnx = "%1$s/teller.onnx"
            features { columns = [also], encoding = uint8, shape = [2], scale = 0.01 } }
        ]
        train.objectives = [{ type = ensemble-mean-logits-kl }]
        """
            .formatted(folder);
    run(EVERYTHING);

    JsonNode card = json("run/scorecard.json");
    assertThat(card.at("/teachers/0/accuracy").asDouble()).isEqualTo(1);
    assertThat(card.at("/teachers/1/accuracy").asDouble()).isEqualTo(1);
  }

  @Test
  void aTeacherTrainedHereLearnsFromItsOwnFeatures() throws Exception {
    overrides =
        """
        teacher.onnx = null
        teacher.graph { architecture = mlp, hidden = [4] }
        teacher.train {
          epochs = 5, batch = 32, optimizer.learning-rate = 0.02
          objectives = [{ type = cross-entropy }]
        }
        """;
    run(EVERYTHING);

    assertThat(json("run/scorecard.json").at("/teacher/accuracy").asDouble()).isEqualTo(1);
    assertThat(columns("teacher")).containsExactly("told");
    assertThat(columns("student")).containsExactly("plain");
  }

  @Test
  void aColumnThatIsMissingIsRefusedBeforeAnythingRuns() {
    overrides = "teacher.features.columns = [hidden]";

    assertRefused(
        EVERYTHING,
        "teacher.features.columns names column 'hidden', which is not there; the columns are"
            + " sample_id, plain, told, also, label");
    assertThat(folder.resolve("run/signals")).doesNotExist();
  }

  @Test
  void cellsOfAnotherWidthAreRefusedWithTheirKeys() {
    Row before = rows.get(3);
    rows.set(3, row(3, (float[]) before.get(1), 1, new double[] {1, 2, 3}));
    rewrite();

    assertRefused(
        TEACH,
        "1 row has features of another width than teacher.features.shape = [2] asks for (2), such"
            + " as row-003 (3 values)");
  }

  @Test
  void viewsAreRefusedAtTheLineOfTheFeatures() {
    overrides = "data.views { count = 4, transforms = [{ type = noise }] }";

    assertThatThrownBy(this::blueprint)
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessageContaining("told:10: teacher.features: are the teacher's own, and")
        .hasMessageContaining("set data.views.count = 1");
  }

  @Test
  void aNormalisationBesideThemIsRefused() {
    overrides = "teacher.normalise { mean = [1], deviation = [2] }";

    assertThatThrownBy(this::blueprint)
        .hasMessageContaining("teacher.normalise: goes into features, since this teacher has");
  }

  private void assertRefused(Set<Stage> stages, String message) {
    assertThatThrownBy(() -> run(stages))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining(message);
  }

  /** What the command of these stages does, with the session of the tests. */
  private ObjectNode run(Set<Stage> stages) {
    Blueprint blueprint = blueprint();
    OutputFolder output = OutputFolder.of(blueprint.recipe().output(), SPARK);
    ObjectNode summary = Json.object();
    Console console = Console.ofProcess();
    new Preflight(SPARK, blueprint, output, console).check(stages, new Faults());
    Pipeline pipeline =
        new Pipeline(
            SPARK, blueprint, output, console, new StageLog(console), summary, "run-" + runs++);
    stages.forEach(pipeline::run);
    return summary;
  }

  private JsonNode json(String name) throws IOException {
    return Json.parse(Files.readString(folder.resolve(name)), name);
  }

  private List<String> columns(String bundle) throws IOException {
    List<String> columns = new ArrayList<>();
    json("run/" + bundle + "/bundle.json")
        .findValue("columns")
        .forEach(column -> columns.add(column.asText()));
    return columns;
  }

  private SignalTable table() {
    return new SignalTable(
        new org.apache.hadoop.fs.Path(path("run/signals/teller")),
        SPARK.sessionState().newHadoopConf());
  }

  private Map<String, Row> signals(SignalManifest manifest) {
    Map<String, Row> signals = new TreeMap<>();
    for (Row row : new SignalVersion(table(), manifest).rows(SPARK).collectAsList()) {
      signals.put(row.getAs("sample_id"), row);
    }
    return signals;
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }
}
