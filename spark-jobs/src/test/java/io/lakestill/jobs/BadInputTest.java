package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.io.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever is wrong with the input of a run, a person reads what, where and what to do, a scheduler
 * reads the exit code, and the signals and bundles of the run before stay as they were.
 */
class BadInputTest {
  private static final Path HOME = Path.of("..").toAbsolutePath().normalize();
  private static final List<String> SMALL =
      List.of(
          "data.views.count=1",
          "teacher.train.epochs=1",
          "train.epochs=1",
          "train.seeds=[1]",
          "evaluate.gates=[]");

  @TempDir static Path folder;

  private static Path output;

  /** How a run ended. */
  private record Run(int exit, String lastErrors) {}

  @BeforeAll
  static void runOnce() throws IOException {
    output = folder.resolve("out");
    Run run = run(List.of());
    assertThat(run.exit()).as(run.lastErrors()).isZero();
    writeBadTables();
  }

  @AfterAll
  static void forgetMaster() {
    System.clearProperty("spark.master");
    System.clearProperty("spark.ui.enabled");
  }

  private static void writeBadTables() {
    SparkSession spark = LocalSession.open();
    Dataset<Row> digits = spark.read().parquet(digits());
    write(digits.withColumn("sample_id", nullFor("digits-0001", "sample_id")), "null-key");
    write(digits.withColumn("label", nullFor("digits-0001", "label")), "null-label");
    write(digits.withColumn("pixels", functions.slice(digits.col("pixels"), 1, 63)), "narrow");
    spark.stop();
  }

  private static org.apache.spark.sql.Column nullFor(String id, String column) {
    return functions.when(
        functions.col("sample_id").notEqual(id), functions.col(column)); // null otherwise
  }

  private static void write(Dataset<Row> rows, String name) {
    rows.write().parquet(table(name));
  }

  private static String table(String name) {
    return folder.resolve(name).toString();
  }

  private static String digits() {
    return HOME.resolve("conf/quickstart/digits.parquet").toString();
  }

  static Stream<Arguments> badInputs() {
    return Stream.of(
        bad("missing table", 3, "There is no table at", "data.train=/nowhere/train.parquet"),
        bad("not Parquet", 3, "cannot be read as Parquet", "data.train=" + HOME.resolve("LICENSE")),
        bad("missing key", 3, "'no_such_column', which is not there", "data.id=no_such_column"),
        bad(
            "missing label",
            3,
            "'no_such_column', which is not there",
            "data.label=no_such_column"),
        bad("null key", 3, "null", "data.train=" + table("null-key")),
        bad("duplicate key", 3, "rows repeat one", "data.id=label"),
        bad("null label", 3, "digits-0001", "data.train=" + table("null-label")),
        bad(
            "label outside",
            3,
            "label space",
            "data.train-where=\"label < 99\"",
            "data.classes=[a,b]",
            "teacher.graph.layers=[{type=flatten},{type=linear,width=2}]",
            "teacher.graph.outputs=null",
            "teacher.outputs.embedding=null"),
        bad("wrong width", 3, "64", "data.train=" + table("narrow")),
        bad("empty train split", 3, "no", "data.train-where=\"split = 'nobody'\""),
        bad("empty test split", 3, "no", "data.test-where=\"split = 'nobody'\""),
        bad("missing teacher", 3, "no ONNX file", given("/nowhere/teacher.onnx")),
        bad(
            "teacher is no ONNX",
            3,
            "not an ONNX model",
            given(HOME.resolve("LICENSE").toString())),
        bad("other teacher input", 3, "has inputs [input", given(teacher(), "teacher.input=image")),
        bad(
            "other teacher output",
            3,
            "has no tensor 'scores', which outputs.logits names",
            given(teacher(), "teacher.outputs.logits=scores")),
        bad(
            "a signal with an odd name",
            2,
            "outputs names a signal 'Map'",
            given(teacher(), "teacher.outputs.Map=logits")),
        bad("other teacher width", 3, "2", given(teacher(), "data.classes=[a,b]")),
        bad(
            "non-finite features or outputs",
            3,
            "digits-",
            given(teacher(), "data.features.scale=1e38")),
        bad("batch", 2, "train.batch", "train.batch=127"),
        bad("unknown objective", 2, "unknown objective 'kd'", "train.objectives=[{type=kd}]"),
        bad("gate", 6, "student.accuracy >= 1.5", "evaluate.gates=[\"student.accuracy >= 1.5\"]"));
  }

  private static Arguments bad(String name, int exit, String message, String... overrides) {
    return Arguments.of(name, exit, message, List.of(overrides));
  }

  /** A teacher that exists, in place of the one the quickstart trains. */
  private static String[] given(String onnx, String... more) {
    List<String> overrides =
        new ArrayList<>(
            List.of(
                "teacher.id=given",
                "teacher.onnx=" + onnx,
                "teacher.graph=null",
                "teacher.train=null"));
    overrides.addAll(List.of(more));
    return overrides.toArray(String[]::new);
  }

  private static String teacher() {
    return output.resolve("teacher/teacher.onnx").toString();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badInputs")
  void saysWhatIsWrongAndKeepsWhatWasThere(
      String name, int exit, String message, List<String> overrides) throws IOException {
    Map<String, String> before = results();

    Run run = run(overrides);

    assertThat(run.lastErrors()).contains(message);
    assertThat(run.exit()).as(name).isEqualTo(exit);
    assertThat(results()).isEqualTo(before);
  }

  private static Run run(List<String> overrides) {
    System.setProperty("spark.master", "local[2]");
    System.setProperty("spark.ui.enabled", "false");
    List<String> arguments = new ArrayList<>(List.of("quickstart", "--output", output.toString()));
    for (List<String> part : List.of(SMALL, overrides)) {
      part.forEach(override -> arguments.addAll(List.of("--set", override)));
    }
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    try {
      System.setOut(new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8));
      System.setErr(new PrintStream(errors, true, StandardCharsets.UTF_8));
      int exit = Lakestill.execute(arguments.toArray(String[]::new));
      return new Run(exit, errors.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  /** SHA-256 of every file of signals and bundles. */
  private static Map<String, String> results() throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    for (String part : List.of("signals/digits-cnn", "teacher", "student", "scratch")) {
      try (Stream<Path> files = Files.walk(output.resolve(part))) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          if (file.toString().contains("quarantine-v")) {
            continue; // Kept to look at; no manifest names it.
          }
          try (InputStream in = Files.newInputStream(file)) {
            hashes.put(output.relativize(file).toString(), Sha256.of(in));
          }
        }
      }
    }
    return hashes;
  }
}
