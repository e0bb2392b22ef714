package io.lakestill.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecipeReaderTest {
  private static final String SOUND =
      """
      name = digits
      output = out
      data {
        train = ${lakestill.home}/train.parquet
        test = test.parquet
        classes = [no, yes]
        features { columns = [pixels], shape = [1, 8, 8] }
      }
      teacher { id = big, onnx = big.onnx }
      student { architecture = mlp, hidden = [32] }
      train {
        objectives = [
          { type = kd-kl, weight = 0.9 }
          { type = cross-entropy, weight = 0.1 }
        ]
      }
      """;

  private final Problems problems = new Problems();

  @Test
  void fillsDefaultsFromTheReference() {
    Recipe recipe = read(SOUND).orElseThrow();

    assertThat(problems.found()).isEmpty();
    assertThat(recipe.data().train().path()).isEqualTo("/home/train.parquet");
    assertThat(recipe.data().id()).isEqualTo("sample_id");
    assertThat(recipe.train().batch()).isEqualTo(128);
    assertThat(recipe.train().seeds()).containsExactly(1);
    assertThat(recipe.train().objectives().get(0).options().number("temperature")).isEqualTo(4.0);
    assertThat(recipe.teacher().orElseThrow().outputs()).containsEntry("logits", "logits");
    assertThat(recipe.data().views().count()).isEqualTo(1);
    assertThat(recipe.export().opset()).isEqualTo(13);
  }

  @Test
  void reportsEveryFaultWithItsLineAndRunsNothing() {
    String broken =
        SOUND
            .replace("output = out", "outptu = out")
            .replace("classes = [no, yes]", "classes = [no, no]")
            .replace("weight = 0.9", "weight = -0.9")
            .replace("id = big,", "id = \"../big\",");

    assertThat(read(broken)).isEmpty();
    assertThat(problems.found())
        .extracting(Problem::toString)
        .anySatisfy(
            p ->
                assertThat(p).isEqualTo("test.conf:2: outptu: unknown key; did you mean 'output'?"))
        .anySatisfy(p -> assertThat(p).contains("output: is missing"))
        .anySatisfy(p -> assertThat(p).contains("test.conf:3: data: classes must be distinct"))
        .anySatisfy(
            p ->
                assertThat(p)
                    .startsWith("test.conf:13: train.objectives[0].weight")
                    .contains("must not be negative, is -0.9"))
        .anySatisfy(p -> assertThat(p).contains("teacher: id must be 1 to 64 letters"));
    assertThatThrownBy(() -> problems.throwIfAny("test.conf"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessageContaining("Recipe 'test.conf' has 5 problems; nothing was run");
  }

  @Test
  void neverDropsATermWithoutAType() {
    assertThat(read(SOUND.replace("type = kd-kl", "type = \"\""))).isEmpty();
    assertThat(problems.found())
        .extracting(Problem::toString)
        .containsExactly("test.conf:13: train.objectives[0].type: must not be empty");
  }

  @Test
  void overridesWinAndNameThemselvesInProblems() {
    Recipe recipe =
        read(
                SOUND,
                "train.batch=64",
                "data.train=/lake/a b.parquet",
                "data.train-where=split = 'x'")
            .orElseThrow();

    assertThat(recipe.train().batch()).isEqualTo(64);
    assertThat(recipe.data().train().path()).isEqualTo("/lake/a b.parquet");
    assertThat(recipe.data().train().where()).contains("split = 'x'");

    assertThat(read(SOUND, "train.batch=many")).isEmpty();
    assertThat(problems.found())
        .extracting(Problem::toString)
        .containsExactly("--set train.batch: train.batch: must be a number, is 'many'");
  }

  @Test
  void overridesAreNotCutAtWhatHoconTakesForAComment() {
    Recipe recipe =
        read(
                SOUND,
                "data.train=/lake//train#1.parquet",
                "teacher.onnx=${lakestill.home}/big.onnx",
                "train.objectives=[{ type = cross-entropy, weight = 1 }]")
            .orElseThrow();

    assertThat(recipe.data().train().path()).isEqualTo("/lake//train#1.parquet");
    assertThat(recipe.teacher().orElseThrow().onnx()).contains("/home/big.onnx");
    assertThat(recipe.train().objectives()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "include \"missing.conf\"",
        "include \"io/lakestill/reference.conf\"",
        "include classpath(\"io/lakestill/reference.conf\")",
        "include file(\"/missing.conf\")",
        "include url(\"http://127.0.0.1:1/missing.conf\")",
        "include required(\"missing.conf\")",
        "data { include \"missing.conf\" }",
      })
  void refusesEveryInclude(String include) {
    assertThat(read(SOUND + include)).isEmpty();
    assertThatThrownBy(() -> problems.throwIfAny("test.conf"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessageContaining("test.conf: HOCON: include ")
        .hasMessageContaining(".conf\"")
        .hasMessageContaining(
            "is refused: a recipe file pulls in no other; write the lines into it, or give the"
                + " other file by a second --recipe");
  }

  @Test
  void refusesAnIncludeInAnOverride() {
    assertThat(read(SOUND, "data.views={ include \"views.conf\" }")).isEmpty();
    assertThat(problems.found())
        .singleElement()
        .satisfies(p -> assertThat(p.message()).startsWith("include \"views.conf\" is refused"));
  }

  @Test
  void refusesBrokenSyntaxWithItsLine() {
    assertThat(read("name = a\ndata { train = [ }\n")).isEmpty();
    assertThat(problems.found())
        .singleElement()
        .satisfies(p -> assertThat(p.where()).isEqualTo("test.conf:2"));
  }

  @Test
  void refusesATeacherThatIsNeitherGivenNorTrained() {
    assertThat(read(SOUND.replace(", onnx = big.onnx", ""))).isEmpty();
    assertThat(problems.found())
        .extracting(Problem::message)
        .anySatisfy(m -> assertThat(m).startsWith("must name exactly one of onnx"));
  }

  @Test
  void doesNotSubstituteEnvironmentVariables() {
    assertThat(read(SOUND.replace("output = out", "output = ${PATH}"))).isEmpty();
    assertThat(problems.found())
        .singleElement()
        .satisfies(p -> assertThat(p.message()).contains("PATH"));
  }

  private Optional<Recipe> read(String text, String... overrides) {
    return new RecipeReader("/home", "/recipes")
        .read(text, "test.conf", List.of(overrides), problems);
  }
}
