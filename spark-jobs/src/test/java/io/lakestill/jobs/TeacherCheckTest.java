package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.export.OnnxWriter;
import io.lakestill.io.Json;
import io.lakestill.recipe.Recipe;
import io.lakestill.signal.SignalFile;
import io.lakestill.signal.SignalFileWriter;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalRow;
import io.lakestill.signal.SignalSchema;
import io.lakestill.signal.SignalTable;
import io.lakestill.student.Flatten;
import io.lakestill.student.Layer;
import io.lakestill.student.Linear;
import io.lakestill.student.Parameters;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import io.lakestill.teacher.OnnxFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TeacherCheckTest {
  private static final SparkSession SPARK = LocalSession.open();
  private static final int ROWS = 700;
  private static final String CHANCE = "teacher.check.accuracy-floor=chance";

  @TempDir private Path folder;
  private final Random random = new Random(17);
  private final List<TeacherCheck.Finding> findings = new ArrayList<>();
  private SignalTable table;

  /** Pets whose brightest of the first four pixels is their class, but for one in eight. */
  @BeforeEach
  void write() throws IOException {
    List<Row> named = new ArrayList<>();
    List<Row> indexed = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      float[] pixels = new float[Pets.WIDTH];
      for (int p = 0; p < pixels.length; p++) {
        pixels[p] = 0.1f + 0.5f * random.nextFloat();
      }
      int label = random.nextInt(4);
      pixels[random.nextInt(8) == 0 ? (label + 1) % 4 : label] = 1;
      indexed.add(Pets.row("pet-%03d".formatted(i), pixels, (long) label));
      named.add(RowFactory.create("pet-%03d".formatted(i), pixels, Pets.CLASSES.get(label)));
    }
    Pets.write(SPARK, indexed, 3, path("indexed"));
    SPARK
        .createDataFrame(
            named, StructType.fromDDL("sample_id string, pixels array<float>, label string"))
        .write()
        .parquet(path("named"));
    writeTeacher(0, 1, 2, 3);
    table =
        new SignalTable(
            new org.apache.hadoop.fs.Path(path("signals")), SPARK.sessionState().newHadoopConf());
  }

  /** Its logit of each place is the pixel of that number. */
  private void writeTeacher(int... pixels) throws IOException {
    float[] hidden = new float[3 * Pets.WIDTH];
    float[] output = new float[4 * Pets.WIDTH];
    for (int k = 0; k < pixels.length; k++) {
      output[k * Pets.WIDTH + pixels[k]] = 4;
    }
    hidden[0] = 1;
    StudentGraph graph =
        new StudentGraph(
            new Shape(List.of(1, 2, 3)),
            List.of(
                new Flatten("flat", Layer.INPUT),
                new Linear("hidden", "flat", 3, false),
                new Linear("output", "flat", 4, false)),
            Map.of("logits", "output", "embedding", "hidden"));
    Parameters parameters =
        Parameters.of(graph, Map.of("hidden.weight", hidden, "output.weight", output));
    Files.write(
        folder.resolve("teacher.onnx"), new OnnxWriter(13).write(graph, parameters, Pets.CLASSES));
  }

  @Test
  void aRightTeacherPassesAndTheFiguresAreTold() {
    SignalManifest manifest = teach(recipe("named", CHANCE, "signals.codec=dense16"));

    assertThat(manifest.rows()).isEqualTo(ROWS);
    assertThat(findings).hasSize(2);
    assertThat(findings.get(0).line())
        .matches("checked on 512 examples: right on 8\\d\\.\\d % \\(chance is 2\\d\\.\\d %\\)");
    assertThat(findings.get(1).line())
        .matches(
            "files against the teacher on 512 examples: same class 100\\.0 % \\(the teacher with"
                + " itself in other batches 100\\.0 %\\), largest difference logits \\S+"
                + " \\(\\S+\\), embedding \\S+ \\(\\S+\\)");
    ObjectNode json = Json.object();
    findings.forEach(finding -> finding.addTo(json));
    assertThat(json.get("examples").asInt()).isEqualTo(512);
    assertThat(json.get("accuracy").asDouble()).isBetween(0.8, 0.95);
    assertThat(json.at("/differences/embedding/largest").asDouble()).isLessThan(1e-3);
    assertThat(folder.resolve("signals/_lakestill/quarantine-v1")).doesNotExist();
    assertThat(table.extraFiles(manifest)).isEmpty();
  }

  @Test
  void anExchangedPairOfClassesIsNamedWithTheOrderToWrite() throws IOException {
    writeTeacher(2, 1, 0, 3);

    assertRefused(
        recipe("named", CHANCE),
        "Teacher 'oracle' is right on ",
        " With its classes in another order it would be right on ",
        ": 'owl' is called 'cat', 'cat' is called 'owl'. Write data.classes in the order of its"
            + " logits: [owl, dog, cat, eel]. Nothing was taught.");
    assertThat(table.current()).isEmpty();
    assertThat(folder.resolve("signals/_lakestill/quarantine-v1")).doesNotExist();

    assertThat(teach(recipe("named", CHANCE, "data.classes=[owl,dog,cat,eel]")).rows())
        .isEqualTo(ROWS);
  }

  @Test
  void whereLabelsAreIndicesTheTeacherMustBeMended() throws IOException {
    writeTeacher(1, 0, 2, 3);

    assertRefused(
        recipe("indexed", "teacher.check.accuracy-floor=0.3"),
        "its check.accuracy-floor is 0.3, but its classes seem to stand in another order.",
        "'dog' is called 'cat', 'cat' is called 'dog'.",
        "bring the teacher's logits into the order of the labels.");
  }

  @Test
  void aTeacherBelowTheFloorIsRefused() throws IOException {
    assertRefused(
        recipe("named", "teacher.check.accuracy-floor=0.99"),
        " of 512 labelled examples, ",
        "its check.accuracy-floor is 0.99. Is it the teacher of these labels");

    writeTeacher(4, 4, 4, 4);
    assertRefused(
        recipe("named", CHANCE, "teacher.check.rows=600"),
        " of 600 labelled examples, ",
        "its answers given to the wrong examples would be right on ",
        "To teach it all the same, set its check.accuracy-floor = 0.");
    assertThat(teach(recipe("named", "teacher.check.accuracy-floor=0")).rows()).isEqualTo(ROWS);
  }

  @Test
  void aRunWithoutWorkAsksNobody() {
    Recipe recipe = recipe("named", CHANCE);
    SignalManifest first = teach(recipe);
    findings.clear();

    assertThat(teach(recipe)).isEqualTo(first);
    SPARK.read().parquet(path("named")).write().parquet(path("copy"));
    SignalManifest copied = teach(recipe("copy", CHANCE));

    assertThat(copied.version()).as("the same rows in other files").isEqualTo(2);
    assertThat(findings).isEmpty();
  }

  @Test
  void filesThatHoldSomethingElseAreFound() throws Exception {
    for (String codec : List.of("dense32", "dense16", "int8", "topk")) {
      Recipe recipe =
          recipe(
              "indexed", "signals.codecs.logits=" + codec, "signals.topk={k=2,temperatures=[1]}");
      TeacherPass teacher =
          OnnxPass.of(
              SPARK,
              recipe,
              recipe.teacher().orElseThrow(),
              OnnxFile.of(Files.readAllBytes(folder.resolve("teacher.onnx")), "teacher.onnx"));
      TeacherPass.Place place = place(codec, StoredSignals.asSaid(teacher.schema()));
      Dataset<Row> work = work(recipe);
      try (TeacherCheck check =
          TeacherCheck.of(SPARK, recipe, teacher, place, work, ROWS, listener())) {
        check.before();
        List<TeachOutcome> written = teacher.run(work, ROWS, place, 0, progress -> {});
        check.after(written);

        List<TeachOutcome> doctored = List.of(doctored(written, place, teacher));
        assertThatThrownBy(() -> check.after(doctored))
            .as(codec)
            .isInstanceOfSatisfying(
                LakestillException.class,
                e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
            .hasMessageContaining("do not hold what teacher 'oracle' says: of 512 examples")
            .hasMessageContaining("they differ in logits by ")
            .hasMessageContaining("The signal table is as it was.");
        assertThatThrownBy(() -> check.after(List.of())).hasMessageContaining("lost rows: of 512");
      }
    }
  }

  /** Every fourth of 44: the sample must be of just those whose files are read. */
  @Test
  void ofManyTasksSomeAreLookedAt() {
    teach(recipe("named", CHANCE, "teacher.check.rows=100", "signals.rows-per-task=16"));

    assertThat(findings.get(0).line()).startsWith("checked on 100 examples");
    assertThat(findings.get(1).line()).startsWith("files against the teacher on 100 examples");
  }

  /** One new row that a good teacher gets wrong. */
  @Test
  void anIncrementOfOneWrongRowIsTaught() {
    teach(recipe("named", CHANCE));
    findings.clear();
    float[] pixels = new float[Pets.WIDTH];
    pixels[2] = 1;
    Row wrong = RowFactory.create("new", pixels, Pets.CLASSES.get(1));
    Dataset<Row> named = SPARK.read().parquet(path("named"));
    named.union(SPARK.createDataFrame(List.of(wrong), named.schema())).write().parquet(path("one"));

    assertThat(teach(recipe("one", CHANCE)).rows()).isEqualTo(ROWS + 1);
    assertThat(findings.get(0).line())
        .isEqualTo(
            "checked on 1 examples: right on 0.0 % (chance is 0.0 %); of fewer than 100 nothing is"
                + " concluded");
  }

  /** The same rows, each with the logits of the one before. */
  private TeachOutcome doctored(
      List<TeachOutcome> written, TeacherPass.Place place, TeacherPass teacher) throws IOException {
    List<Row> rows =
        LakeTable.files(SPARK, paths(written, place))
            .select("sample_id", "content_hash", "label")
            .orderBy("sample_id")
            .collectAsList();
    Map<String, float[]> logits = logits();
    org.apache.hadoop.fs.Path file = new org.apache.hadoop.fs.Path(place.signals(), "doctored");
    SignalSchema schema = place.stored().schema();
    try (SignalFileWriter writer =
        new SignalFileWriter(
            new SignalFileWriter.Contents(schema, "oracle", teacher.sha256()),
            file,
            new org.apache.hadoop.fs.Path(place.quarantine(), "doctored"),
            table.configuration())) {
      for (int i = 0; i < rows.size(); i++) {
        Row row = rows.get(i);
        float[] other = logits.get(rows.get(Math.max(i - 1, 0)).getString(0));
        float[][] signals = {other, new float[3]};
        writer.write(
            new SignalRow(
                row.getString(0), 0, row.getString(1), OptionalInt.of(row.getInt(2)), signals, 0));
      }
      Optional<SignalFile> finished = writer.finishSignals();
      return new TeachOutcome(finished, Optional.empty(), List.of(), false);
    }
  }

  private Map<String, float[]> logits() {
    Map<String, float[]> logits = new HashMap<>();
    for (Row row : SPARK.read().parquet(path("indexed")).collectAsList()) {
      List<Float> pixels = row.getList(1);
      float[] values = new float[4];
      IntStream.range(0, 4).forEach(k -> values[k] = 8 * pixels.get(k));
      logits.put(row.getString(0), values);
    }
    return logits;
  }

  private static List<String> paths(List<TeachOutcome> written, TeacherPass.Place place) {
    return written.stream()
        .flatMap(outcome -> outcome.signals().stream())
        .map(file -> new org.apache.hadoop.fs.Path(place.signals(), file.name()).toString())
        .toList();
  }

  private TeacherPass.Place place(String name, StoredSignals stored) {
    return new TeacherPass.Place(
        new org.apache.hadoop.fs.Path(path(name + "/signals")),
        new org.apache.hadoop.fs.Path(path(name + "/quarantine")),
        stored);
  }

  private static Dataset<Row> work(Recipe recipe) {
    return ExampleTable.examples(SPARK, recipe.data(), Split.TEST)
        .withColumn(KeyComparison.VIEWS, functions.lit(1));
  }

  private void assertRefused(Recipe recipe, String... parts) {
    var refused =
        assertThatThrownBy(() -> teach(recipe))
            .isInstanceOfSatisfying(
                LakestillException.class,
                e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT));
    for (String part : parts) {
      refused.hasMessageContaining(part);
    }
  }

  private Recipe recipe(String name, String... overrides) {
    List<String> all = new ArrayList<>(List.of("signals.rows-per-task=1000", "signals.batch=16"));
    all.addAll(List.of(overrides));
    return Pets.recipe(path(name), all.toArray(String[]::new));
  }

  private ProgressListener listener() {
    return new ProgressListener() {
      @Override
      public void progressed(Progress progress) {}

      @Override
      public void checked(TeacherCheck.Finding finding) {
        findings.add(finding);
      }
    };
  }

  private SignalManifest teach(Recipe recipe) {
    return TeachJob.run(
        SPARK,
        recipe,
        recipe.teacher().orElseThrow(),
        path("teacher.onnx"),
        path("signals"),
        "run",
        listener());
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }
}
