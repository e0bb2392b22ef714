package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.rand;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakestill.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.ml.classification.GBTClassifier;
import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.ml.functions;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * Students of real Spark ML models on the digits: the tables are what {@code transform} made. The
 * tests build on each other's output.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SparkMlTeacherTest {
  private static final Path HOME = Path.of("..").toAbsolutePath().normalize();
  private static final String DIGITS =
      """
      name = digits
      output = out
      data {
        train = "%s"
        train-where = "split = 'train'"
        validation = ${data.train}
        validation-where = "split = 'valid'"
        test = ${data.train}
        test-where = "split = 'test'"
        classes = %s
        features { columns = [pixels], shape = [1, 8, 8], scale = 0.0625 }
      }
      student { architecture = mlp, hidden = [16] }
      train {
        objectives = [{ type = kd-kl, temperature = 2 }]
        epochs = 5
        batch = 64
        optimizer { learning-rate = 1e-2 }
      }
      """;
  private static final String TEN =
      "[\"0\", \"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\", \"8\", \"9\"]";

  @TempDir static Path folder;

  private static double regressionAccuracy;
  private static List<String> testIds;

  @BeforeAll
  static void trainTeachers() throws IOException {
    SparkSession spark = LocalSession.open();
    Dataset<Row> digits =
        spark
            .read()
            .parquet(HOME.resolve("conf/quickstart/digits.parquet").toString())
            .withColumn(
                "features", functions.array_to_vector(expr("transform(pixels, p -> p / 16)")))
            .cache();
    Dataset<Row> train = digits.where("split = 'train'");
    Dataset<Row> scored =
        new LogisticRegression().setMaxIter(15).setRegParam(0.01).fit(train).transform(digits);
    // In another order than the examples', and by another name of the key.
    scored
        .select(
            col("sample_id").as("key"),
            col("split").as("part"),
            col("probability"),
            col("rawPrediction"),
            col("prediction"))
        .orderBy(rand(7))
        .coalesce(2)
        .write()
        .parquet(path("regression"));
    Dataset<Row> test = scored.where("split = 'test'");
    regressionAccuracy = test.where("prediction = label").count() / (double) test.count();
    testIds =
        test.select("sample_id").orderBy("sample_id").collectAsList().stream()
            .map(row -> row.getString(0))
            .toList();

    Dataset<Row> odd = digits.withColumn("label", expr("label % 2"));
    odd.drop("features").coalesce(1).write().parquet(path("odd"));
    new GBTClassifier()
        .setMaxIter(6)
        .setMaxDepth(4)
        .fit(odd.where("split = 'train'"))
        .transform(odd)
        .select("sample_id", "rawPrediction", "probability")
        .orderBy(rand(7))
        .coalesce(2)
        .write()
        .parquet(path("trees"));
    spark.stop();
    Files.writeString(
        folder.resolve("digits.conf"),
        DIGITS.formatted(HOME.resolve("conf/quickstart/digits.parquet"), TEN));
    Files.writeString(folder.resolve("odd.conf"), DIGITS.formatted(path("odd"), "[even, odd]"));
  }

  @BeforeEach
  void setSpark() {
    System.setProperty("spark.master", "local[2]");
    System.setProperty("spark.ui.enabled", "false");
  }

  @AfterEach
  void unsetSpark() {
    Stream.of("spark.master", "spark.ui.enabled").forEach(System::clearProperty);
  }

  @Test
  @Order(1)
  void aStudentLearnsFromTheProbabilitiesOfARegression() throws IOException {
    CommandLineRun run = digits("run", "regression", regression(""));

    assertThat(run.exit()).as(run.err()).isZero();
    JsonNode card = scorecard("regression");
    assertThat(card.at("/teacher/accuracy").doubleValue())
        .as("of the table, by key")
        .isCloseTo(regressionAccuracy, within(1e-9));
    assertThat(card.at("/teacher/parameters").intValue()).isZero();
    assertThat(card.at("/student/accuracy").doubleValue()).isGreaterThan(0.7);
    assertThat(card.at("/student/agreement").doubleValue()).isGreaterThan(0.7);
    assertThat(card.has("unmeasured_teachers")).isFalse();
    assertThat(folder.resolve("regression-run/scorecard.html")).content().contains("</html>");
  }

  @Test
  @Order(2)
  void aTableWithoutTestExamplesIsNotMeasured() throws IOException {
    CommandLineRun run =
        digits("evaluate", "regression", regression("where = \"part != 'test'\", "));

    assertThat(run.exit()).as(run.err()).isZero();
    assertThat(run.err()).contains("teacher spark-ml: says nothing of the test rows");
    JsonNode card = scorecard("regression");
    assertThat(card.has("teacher")).isFalse();
    assertThat(card.get("unmeasured_teachers")).hasSize(1);
    assertThat(card.at("/student").has("agreement")).isFalse();
    assertThat(card.at("/scratch/accuracy").isNumber()).isTrue();
    assertThat(folder.resolve("regression-run/scorecard.html"))
        .content()
        .contains("Its teacher says nothing of these rows.");

    CommandLineRun gated =
        digits(
            "evaluate",
            "regression",
            regression("where = \"part != 'test'\", "),
            "evaluate.gates=[\"student.agreement > 0\"]");
    assertThat(gated.exit()).isEqualTo(2);
    assertThat(gated.err())
        .contains(
            "Gate 'student.agreement > 0' needs 'student.agreement' of teacher 'spark-ml', but its"
                + " table of scores knows none of the test examples; score them, too, name another"
                + " teacher first, or remove the gate.");
  }

  @Test
  @Order(3)
  void aTableWithSomeTestExamplesIsRefused() {
    String last = testIds.get(testIds.size() - 7);

    CommandLineRun run =
        digits(
            "evaluate",
            "regression",
            regression("where = \"part != 'test' or key <= '%s'\", ".formatted(last)));

    assertThat(run.exit()).isEqualTo(3);
    assertThat(run.err())
        .contains(
            "of teacher 'spark-ml' knows %d of %d test examples, but not such as %s; models are"
                .formatted(
                    testIds.size() - 6,
                    testIds.size(),
                    String.join(", ", testIds.subList(testIds.size() - 6, testIds.size() - 1))));
  }

  /** The student of the first test is a teacher of this one, weighted by how sure each is. */
  @Test
  @Order(4)
  void aBundleAndATableTeachTogether() throws IOException {
    CommandLineRun run =
        digits(
            "run",
            "ensemble",
            "teachers=[{id = v1, bundle = \"%s\"}, {id = lr, %s}]"
                .formatted(path("regression-run/student"), table("")),
            "train.objectives=[{type = kd-kl, temperature = 2, weight = \"v1.margin\","
                + " teacher { logits = logits.1 }},"
                + " {type = kd-kl, temperature = 2, weight = \"lr.margin\","
                + " teacher { logits = logits.2 }}]");

    assertThat(run.exit()).as(run.err()).isZero();
    JsonNode card = scorecard("ensemble");
    assertThat(card.get("teachers"))
        .extracting(teacher -> teacher.get("id").textValue())
        .containsExactly("v1", "lr");
    assertThat(card.at("/teachers/1/accuracy").doubleValue())
        .isCloseTo(regressionAccuracy, within(1e-9));
    assertThat(run.err()).contains("    teacher lr: accuracy ").doesNotContain("  0 parameters");
    assertThat(card.at("/teacher/parameters").intValue()).isPositive();
    assertThat(card.at("/student/accuracy").doubleValue()).isGreaterThan(0.7);
  }

  @Test
  @Order(5)
  void aBundleOfOtherClassesOrNumbersIsRefused() {
    String bundle = "teacher={id = v1, bundle = \"%s\"}".formatted(path("regression-run/student"));
    String swapped = TEN.replace("\"0\", \"1\"", "\"1\", \"0\"");

    CommandLineRun classes = digits("teach", "refused", bundle, "data.classes=" + swapped);
    assertThat(classes.exit()).isEqualTo(3);
    assertThat(classes.err())
        .contains(
            "of classes [0, 1, 2, ", ", the recipe has [1, 0, 2, ", "so correct data.classes");

    CommandLineRun numbers =
        digits(
            "teach",
            "refused",
            bundle,
            "data.features.scale=1",
            "teacher.normalise={mean = [4], deviation = [2]}");
    assertThat(numbers.exit()).isEqualTo(3);
    assertThat(numbers.err())
        .contains(
            "which was trained on other numbers than the recipe gives it: scale was 0.0625, is 1.0;"
                + " normalise.mean was [0.0], is [4.0]; normalise.deviation was [1.0], is [2.0].");

    CommandLineRun nothing =
        digits(
            "teach", "refused", "teacher={id = v1, bundle = \"%s\"}".formatted(path("regression")));
    assertThat(nothing.exit()).isEqualTo(3);
    assertThat(nothing.err()).contains("There is no bundle in ");
  }

  @Test
  @Order(6)
  void aStudentLearnsFromWhatSomebodyAnswered() throws IOException {
    CommandLineRun run =
        digits(
            "run",
            "answers",
            "teacher={id = llm, table { path = \"%s\", id = key, answer = prediction, confidence = 0.9 }}"
                .formatted(path("regression")));

    assertThat(run.exit()).as(run.err()).isZero();
    JsonNode card = scorecard("answers");
    assertThat(card.at("/teacher/accuracy").doubleValue())
        .isCloseTo(regressionAccuracy, within(1e-9));
    assertThat(card.at("/student/accuracy").doubleValue()).isGreaterThan(0.7);
  }

  @Test
  @Order(7)
  void aStudentLearnsFromTheMarginsOfBoostedTrees() throws IOException {
    CommandLineRun run =
        run(
            "run",
            "odd.conf",
            "trees",
            "teacher={id = gbt, table { path = \"%s\", logits = rawPrediction }}"
                .formatted(path("trees")),
            "evaluate.gates=[\"student.accuracy > 0.6\"]");

    assertThat(run.exit()).as(run.err()).isZero();
    JsonNode card = scorecard("trees");
    assertThat(card.at("/teacher/accuracy").doubleValue()).isGreaterThan(0.8);
    assertThat(card.at("/student/accuracy").doubleValue()).isGreaterThan(0.75);

    CommandLineRun gated =
        run(
            "evaluate",
            "odd.conf",
            "trees",
            "teacher={id = gbt, table { path = \"%s\", logits = rawPrediction }}"
                .formatted(path("trees")),
            "evaluate.gates=[\"student.parameters < teacher.parameters\"]");
    assertThat(gated.exit()).isEqualTo(2);
    assertThat(gated.err())
        .contains(
            "needs 'teacher.parameters', which nobody knows of a teacher that is a table; remove"
                + " the gate");
  }

  private static String regression(String more) {
    return "teacher={id = spark-ml, %s}".formatted(table(more));
  }

  private static String table(String more) {
    return "table { path = \"%s\", id = key, %sprobabilities = probability }"
        .formatted(path("regression"), more);
  }

  private static CommandLineRun digits(String command, String name, String... overrides) {
    return run(command, "digits.conf", name, overrides);
  }

  private static CommandLineRun run(
      String command, String recipe, String name, String... overrides) {
    List<String> arguments =
        new ArrayList<>(
            List.of(command, "--recipe", path(recipe), "--output", path(name + "-run")));
    Stream.of(overrides).forEach(each -> arguments.addAll(List.of("--set", each)));
    return CommandLineRun.of(arguments.toArray(String[]::new));
  }

  private static JsonNode scorecard(String name) throws IOException {
    Path file = folder.resolve(name + "-run/scorecard.json");
    return Json.parse(Files.readString(file), file.toString());
  }

  private static String path(String name) {
    return folder.resolve(name).toString();
  }
}
