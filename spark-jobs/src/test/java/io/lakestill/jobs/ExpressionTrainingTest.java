package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.jobs.SyntheticSignals.Example;
import io.lakestill.recipe.ModelRole;
import io.lakestill.train.CheckpointFolder;
import io.lakestill.train.CheckpointManifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code where} and {@code weight} over the columns of signal tables, from the recipe to the
 * student, by the command line alone.
 */
class ExpressionTrainingTest {
  private static final String RECIPE =
      """
      name = expressions
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
      }
      student { architecture = mlp, hidden = [16] }
      train { epochs = 1, batch = 64, optimizer { learning-rate = 1e-2 } }
      """;
  private static final String TEACHER =
      "{ id = %2$s, table { path = \"%1$s/%2$s\", logits = logits } }";
  private static final StructType SCORES =
      StructType.fromDDL("sample_id string, logits array<double>");

  @TempDir static Path folder;

  /** Two teachers, of which the second is less sure; they have said what they have to say. */
  @BeforeAll
  static void teachOnce() throws IOException {
    try (SparkSession spark = LocalSession.open()) {
      writeScores(spark, "sure", 5);
      writeScores(spark, "vague", 2);
    }
    System.setProperty("spark.master", "local[2]");
    System.setProperty("spark.ui.enabled", "false");
    CommandLineRun taught = run("teach", both("{ type = cross-entropy }"));
    assertThat(taught.exit()).as(taught.err()).isZero();
  }

  @AfterAll
  static void forgetMaster() {
    System.clearProperty("spark.master");
    System.clearProperty("spark.ui.enabled");
  }

  private static void writeScores(SparkSession spark, String teacher, double sureness) {
    Random random = new Random(teacher.hashCode());
    List<Row> rows = new ArrayList<>();
    for (Split split : List.of(Split.TRAIN, Split.VALIDATION)) {
      for (Example example : Digits.examples(split)) {
        Double[] logits = new Double[10];
        for (int c = 0; c < logits.length; c++) {
          logits[c] = random.nextGaussian() + (c == example.label() ? sureness : 0);
        }
        rows.add(RowFactory.create(example.id(), logits));
      }
    }
    String path = folder.resolve(teacher).toString();
    spark.createDataFrame(rows, SCORES).coalesce(1).write().parquet(path);
  }

  private static String one(String... terms) {
    return "teacher = " + TEACHER.formatted(folder, "sure") + objectives(terms);
  }

  private static String both(String... terms) {
    String teachers = TEACHER.formatted(folder, "sure") + ", " + TEACHER.formatted(folder, "vague");
    return "teachers = [" + teachers + "]" + objectives(terms);
  }

  private static String objectives(String... terms) {
    return "\ntrain.objectives = [\n  " + String.join("\n  ", terms) + "\n]\n";
  }

  private static CommandLineRun run(String command, String part) throws IOException {
    Path recipe = Files.writeString(folder.resolve("my.conf"), RECIPE.formatted(folder) + part);
    return CommandLineRun.of(command, "--recipe", recipe.toString());
  }

  private static CheckpointManifest trained(String part) throws IOException {
    CommandLineRun run = run("train", part);
    assertThat(run.exit()).as(run.err()).isZero();
    return checkpoint();
  }

  private static CheckpointManifest checkpoint() {
    OutputFolder output =
        new OutputFolder(new org.apache.hadoop.fs.Path(folder.resolve("out").toUri()));
    return new CheckpointFolder(output.checkpoint(ModelRole.STUDENT, 1), new Configuration())
        .required();
  }

  /** The mean over some rows is the one in which the others weigh nothing. */
  @Test
  void aConditionChoosesTheRowsThatAWeightOfOneWouldChoose() throws IOException {
    String rest = "{ type = cross-entropy, weight = 0.1 }";
    double all = loss(trained(one("{ type = kd-kl }", rest)));

    CheckpointManifest where = trained(one("{ type = kd-kl, where = \"entropy < 0.3\" }", rest));
    CheckpointManifest weight =
        trained(one("{ type = kd-kl, weight = \"if(entropy < 0.3, 1, 0)\" }", rest));

    assertThat(loss(weight)).isCloseTo(loss(where), within(1e-4));
    assertThat(loss(where)).isNotCloseTo(all, within(1e-2));
    assertThat(weight.best().validationLoss())
        .isCloseTo(where.best().validationLoss(), within(1e-4));
  }

  private static double loss(CheckpointManifest manifest) {
    return manifest.best().trainingTerms().get("kd-kl");
  }

  @Test
  void termsReadTheColumnsOfSeveralTeachers() throws IOException {
    CheckpointManifest manifest =
        trained(
            both(
                "{ type = kd-kl, teacher { logits = logits.1 }, weight = \"sure.margin\","
                    + " where = \"sure.argmax = vague.argmax and sure.entropy < vague.entropy\" }",
                "{ type = cross-entropy, weight = \"1 - vague.margin\" }"));

    assertThat(manifest.best().trainingTerms())
        .allSatisfy((t, loss) -> assertThat(loss).isPositive());
    assertThat(manifest.signals())
        .extracting(from -> from.teacher() + " " + from.version())
        .containsExactly("sure 1", "vague 1");
  }

  @Test
  void whatIsNoNumberOfARowIsRefusedAtItsLineAndNothingIsTrained() throws IOException {
    CheckpointManifest before = trained(one("{ type = kd-kl }"));

    CommandLineRun run =
        run(
            "train",
            one(
                "{ type = kd-kl, where = \"entropi < 1\", weight = margin }",
                "{ type = kd-kl, where = \"sample_id\", weight = logits }",
                "{ type = kd-kl, weight = \"avg(margin)\" }",
                "{ type = kd-kl, where = \"vague.entropy < 1\" }",
                "{ type = cross-entropy, where = \"entropy < \" }"));

    assertThat(run.exit()).as(run.err()).isEqualTo(2);
    assertThat(run.err())
        .contains("Recipe 'expressions' has 6 problems; nothing was run:")
        .contains("my.conf:17: train.objectives[0].where: 'entropi < 1' is refused: ")
        .contains("`entropi` cannot be resolved", "margin`")
        .contains(
            "train.objectives[1].where: 'sample_id' must be a number or a condition, is STRIN")
        .contains("train.objectives[1].weight: 'logits' must be a number or a condition, is ARRAY<")
        .contains("train.objectives[2].weight: 'avg(margin)' must give one value for each row")
        .contains("train.objectives[3].where: 'vague.entropy < 1' is refused: ")
        .contains("train.objectives[4].where: 'entropy < ' is refused: ", "Syntax error")
        .contains("columns here: sample_id, view_id, content_hash, teacher_id, label, argmax,");
    assertThat(checkpoint()).isEqualTo(before);
  }

  @Test
  void ofSeveralTeachersAColumnMustSayWhose() throws IOException {
    CommandLineRun run =
        run(
            "train",
            both("{ type = kd-kl, teacher { logits = logits.2 }, where = \"entropy < 1\" }"));

    assertThat(run.exit()).as(run.err()).isEqualTo(2);
    assertThat(run.err())
        .contains("train.objectives[0].where: 'entropy < 1' is refused: ")
        .contains("columns here: sample_id, view_id, sure.content_hash, ", "vague.entropy");
  }

  static Stream<List<String>> noNumbers() {
    return Stream.of(
        List.of("where", "case when argmax < 9 then entropy < 1 end", "is null)"),
        List.of("weight", "1 / (argmax - 3)", "is null)"),
        List.of("weight", "margin - 0.9", "is -0."));
  }

  @Test
  void aRowWithoutAValueIsNamedAndNothingIsTrained() throws IOException {
    CheckpointManifest before = trained(one("{ type = kd-kl }"));
    for (List<String> bad : noNumbers().toList()) {
      CommandLineRun run =
          run("train", one("{ type = kd-kl, %s = \"%s\" }".formatted(bad.get(0), bad.get(1))));

      assertThat(run.exit()).as(run.err()).isEqualTo(3);
      assertThat(run.err())
          .contains("lakestill train: ", " examples ", ", such as digits-")
          .contains(" (view 0: '" + bad.get(1) + "' " + bad.get(2));
      assertThat(checkpoint()).isEqualTo(before);
    }
  }
}
