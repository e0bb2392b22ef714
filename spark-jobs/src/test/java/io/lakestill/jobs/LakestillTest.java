package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a person or a scheduler gets when a command line or a recipe is wrong; needs no Spark. */
class LakestillTest {
  private static final String RECIPE =
      """
      name = wrong
      output = out
      data {
        train = train.parquet
        test = test.parquet
        classes = [no, yes]
        features { columns = [pixels], shape = [1, 8, 8] }
      }
      student { architecture = mlp, hidden = [8] }
      train { objectives = [{ type = cross-entropy }] }
      """;

  @TempDir Path folder;

  private final PrintStream out = System.out;
  private final PrintStream err = System.err;
  private final ByteArrayOutputStream stdout = new ByteArrayOutputStream();
  private final ByteArrayOutputStream stderr = new ByteArrayOutputStream();

  @BeforeEach
  void capture() {
    System.setOut(new PrintStream(stdout, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(stderr, true, StandardCharsets.UTF_8));
  }

  @AfterEach
  void release() {
    System.setOut(out);
    System.setErr(err);
  }

  @Test
  void helpNamesEveryCommandAndExitCode() {
    assertThat(Lakestill.execute("--help")).isZero();
    assertThat(stdout.toString(StandardCharsets.UTF_8))
        .contains("quickstart", "run", "teach", "train", "export", "evaluate", "predict")
        .contains("inspect-teacher", "check-objective", "verify", "inspect", "gc")
        .contains("a gate refused the result", "bin/lakestill run --recipe");
  }

  @Test
  void everyCommandHasHelpWithAnExample() {
    for (String command :
        new String[] {
          "quickstart",
          "run",
          "teach",
          "train",
          "export",
          "evaluate",
          "predict",
          "inspect-teacher",
          "verify",
          "inspect",
          "gc"
        }) {
      stdout.reset();
      assertThat(Lakestill.execute(command, "--help")).isZero();
      assertThat(stdout.toString(StandardCharsets.UTF_8)).contains("bin/lakestill " + command);
    }
  }

  @Test
  void refusesAnUnknownCommandAndAMissingRecipe() {
    assertThat(Lakestill.execute("distill")).isEqualTo(2);
    assertThat(Lakestill.execute("run")).isEqualTo(2);
    assertThat(stderr.toString(StandardCharsets.UTF_8)).contains("--recipe");
  }

  @Test
  void namesARecipeThatIsNotThere() {
    assertThat(Lakestill.execute("run", "--recipe", folder.resolve("no.conf").toString()))
        .isEqualTo(2);
    assertThat(lastErrorLine()).startsWith("lakestill run: No recipe at '").contains("no.conf");
  }

  @Test
  void listsTheFaultsOfEveryPackageAtOnceWithTheirLines() throws IOException {
    String broken =
        RECIPE
            .replace("hidden = [8]", "hiden = [8]")
            .replace("type = cross-entropy", "type = crosentropy")
            .replace(
                "shape = [1, 8, 8] }",
                "shape = [64] }\n"
                    + "  views { count = 2, transforms = [{ type = shift, pixels = 1 }] }")
            .concat("evaluate { gates = [\"student.acuracy > 0.9\"] }\n");

    assertThat(run(broken)).isEqualTo(2);
    assertThat(stderr.toString(StandardCharsets.UTF_8))
        .contains("nothing was run")
        .contains("recipe.conf:10: student.hiden: unknown key; did you mean 'hidden'?")
        .contains(
            "recipe.conf:11: train.objectives[0].type: unknown objective 'crosentropy', known: ")
        .contains("recipe.conf:8: data.views.transforms[0].type: needs an image")
        .contains("recipe.conf:12: evaluate.gates[0]: ")
        .contains("student.acuracy");
    assertThat(stdout.toString(StandardCharsets.UTF_8).strip())
        .startsWith("{\"command\":\"run\",\"outcome\":\"failed\",\"exit\":2,");
  }

  @Test
  void laysLaterRecipesOverEarlierOnesAndNamesTheFileOfEachProblem() throws IOException {
    Path data = Files.writeString(folder.resolve("data.conf"), RECIPE);
    Path method =
        Files.writeString(
            folder.resolve("method.conf"), "train {\n  epochs = 3\n  bathc = 64\n}\n");
    Path more = Files.writeString(folder.resolve("more.conf"), "data.validation-fraction = most\n");

    assertThat(
            Lakestill.execute(
                "run",
                "--recipe",
                data.toString(),
                "--recipe",
                method.toString(),
                "--recipe",
                more.toString()))
        .isEqualTo(2);
    assertThat(stderr.toString(StandardCharsets.UTF_8))
        .contains(
            "Recipe '%s' with '%s' with '%s' has 2 problems; nothing was run"
                .formatted(data, method, more))
        .contains("method.conf:3: train.bathc: unknown key; did you mean 'batch'?")
        .contains("more.conf:1: data.validation-fraction: must be a number, is 'most'");
  }

  @Test
  void refusesATermThatNeedsATeacherWhereThereIsNone() throws IOException {
    assertThat(run(RECIPE.replace("type = cross-entropy", "type = kd-kl"))).isEqualTo(2);
    assertThat(stderr.toString(StandardCharsets.UTF_8))
        .contains(
            "train.objectives[0].type: needs a teacher's 'logits'; the recipe has no teacher");
  }

  @Test
  void refusesWhatIsWrongWithOneOfSeveralTeachersAtItsLine() throws IOException {
    String recipe =
        RECIPE
            + """
            teachers = [
              { id = a, onnx = a.onnx, outputs { label = inner } }
              { id = b, onnx = "b:c.onnx" }
              {
                id = c
                graph { architecture = mlp, hidden = [8] }
                outputs { map = inner }
                train { objectives = [{ type = kd-kl }], seeds = [1, 2] }
              }
            ]
            """;

    assertThat(run(recipe)).isEqualTo(2);
    assertThat(stderr.toString(StandardCharsets.UTF_8))
        .contains("has 5 problems")
        .contains("recipe.conf:12: teachers[0].outputs.label: is a column of every signal table")
        .contains("recipe.conf:13: teachers[1].onnx: 'b:c.onnx' is not a path")
        .contains("recipe.conf:18: teachers[2].train.seeds: a teacher is trained once")
        .contains("teachers[2].train.objectives[0].type: needs a teacher's 'logits'; this is the")
        .contains(
            "recipe.conf:17: teachers[2].outputs.map: the teacher trained here has no output");
  }

  @Test
  void refusesNamesThatSqlTakesForOthers() throws IOException {
    String recipe =
        RECIPE
            + """
            teachers = [
              { id = Sample_id, onnx = a.onnx, outputs { lAbel = inner } }
              { id = view_id, onnx = b.onnx }
            ]
            """;

    assertThat(run(recipe)).isEqualTo(2);
    assertThat(stderr.toString(StandardCharsets.UTF_8))
        .contains("has 3 problems")
        .contains("recipe.conf:12: teachers[0].id: is a column that the signals of several")
        .contains("recipe.conf:12: teachers[0].outputs.lAbel: is a column of every signal table")
        .contains("recipe.conf:13: teachers[1].id: is a column that the signals of several");
  }

  @Test
  void refusesATermThatNeedsASignalNobodyAskedFor() throws IOException {
    String recipe =
        RECIPE.replace("type = cross-entropy", "type = cosine-embedding")
            + "teacher { id = big, onnx = big.onnx }\n";

    assertThat(run(recipe)).isEqualTo(2);
    assertThat(stderr.toString(StandardCharsets.UTF_8))
        .contains("needs the teacher's 'embedding', there are [logits]; ")
        .contains("name a tensor for it in the outputs { embedding = ... } of teacher 'big'");
  }

  @Test
  void refusesAnOutputThatATeacherTrainedHereDoesNotHave() throws IOException {
    String recipe =
        RECIPE
            + """
            teacher {
              id = big
              graph { layers = [{ type = flatten }, { type = linear, width = 2 }] }
              train { objectives = [{ type = cross-entropy }] }
              outputs { logits = logits, embedding = embedding }
            }
            """;

    assertThat(run(recipe)).isEqualTo(2);
    assertThat(stderr.toString(StandardCharsets.UTF_8))
        .contains("teacher.outputs.embedding: the teacher trained here has no output 'embedding'");
  }

  @Test
  void refusesATeacherWithSeveralSeedsAndPathsThatAreNone() throws IOException {
    String recipe =
        RECIPE.replace("output = out", "output = \":\"")
            + """
            teacher {
              id = big
              graph { layers = [{ type = flatten }, { type = linear, width = 2 }] }
              train {
                objectives = [{ type = cross-entropy }]
                seeds = [1, 2]
              }
            }
            """;

    assertThat(run(recipe)).isEqualTo(2);
    assertThat(stderr.toString(StandardCharsets.UTF_8))
        .contains("recipe.conf:2: output: ':' is not a path")
        .contains("recipe.conf:16: teacher.train.seeds: a teacher is trained once; give one seed");
  }

  @Test
  void refusesAGateOnAScratchTwinThatWillNotBe() throws IOException {
    String recipe =
        RECIPE
            + "teacher { id = big, onnx = big.onnx }\n"
            + "evaluate { gates = [\"across_seeds.mean_difference > 0\"] }\n";

    assertThat(run(recipe)).isEqualTo(2);
    assertThat(stderr.toString(StandardCharsets.UTF_8))
        .contains("recipe.conf:12: evaluate.gates[0]: ")
        .contains("there is no scratch twin to compare with");
  }

  @Test
  void checksObjectivesAgainstReferenceCases() throws IOException {
    Path golden = Path.of("../core/src/test/resources/golden/objectives/kd_kl.json");

    assertThat(Lakestill.execute("check-objective", golden.toString())).isZero();
    assertThat(stdout.toString(StandardCharsets.UTF_8))
        .contains("PASS kd-kl b6_c5_seed1_normal")
        .endsWith("5 passed, 0 failed\n");

    stdout.reset();
    String wrong = Files.readString(golden).replaceFirst("\"loss\":4.5178", "\"loss\":4.6178");
    Path file = Files.writeString(folder.resolve("wrong.json"), wrong);
    assertThat(Lakestill.execute("check-objective", file.toString())).isEqualTo(1);
    assertThat(stdout.toString(StandardCharsets.UTF_8))
        .contains("FAIL kd-kl b6_c5_seed1_normal")
        .endsWith("4 passed, 1 failed\n");
  }

  @Test
  void checksTheOtherFilesWhereOneCannotBeRead() throws IOException {
    String golden = "../core/src/test/resources/golden/objectives/kd_kl.json";
    String missing = folder.resolve("missing.json").toString();
    Path text = Files.writeString(folder.resolve("text.json"), "no JSON");
    Path empty =
        Files.writeString(
            folder.resolve("empty.json"),
            "{\"objective\":\"kd_kl\",\"cases\":[{\"name\":\"a\",\"params\":{},\"inputs\":"
                + "{\"student.logits\":{\"shape\":[],\"data\":[]}},\"expected\":{}}]}");

    assertThat(
            Lakestill.execute(
                "check-objective", missing, text.toString(), empty.toString(), golden))
        .isEqualTo(1);
    assertThat(stdout.toString(StandardCharsets.UTF_8))
        .contains("FAIL " + missing + " '" + missing + "' cannot be read: ")
        .contains("FAIL " + text + " ")
        .contains("FAIL " + empty + " ")
        .contains("PASS kd-kl b6_c5_seed1_normal")
        .endsWith("5 passed, 3 failed\n");
  }

  private int run(String recipe) throws IOException {
    Path file = Files.writeString(folder.resolve("recipe.conf"), recipe);
    return Lakestill.execute("run", "--recipe", file.toString());
  }

  private String lastErrorLine() {
    String[] lines = stderr.toString(StandardCharsets.UTF_8).strip().split("\n", -1);
    return lines[lines.length - 1];
  }

  @Test
  void tellsAResourceManagerCodeAndCause() {
    int code = Lakestill.execute("plan", "--recipe", "/no/such/recipe.conf");

    assertThat(Lakestill.ended(code))
        .hasMessageStartingWith("lakestill ended with exit code 2: ")
        .hasMessageContaining("/no/such/recipe.conf");
    assertThat(Lakestill.ended(code).getStackTrace()).isEmpty();
  }
}
