package io.lakestill.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One teacher as a section, several as a list. */
class TeachersTest {
  private static final String SOUND =
      """
      name = digits
      output = out
      data {
        train = train.parquet
        test = test.parquet
        classes = [no, yes]
        features { columns = [pixels], shape = [1, 8, 8] }
      }
      student { architecture = mlp, hidden = [32] }
      train { objectives = [{ type = cross-entropy }] }
      """;
  private static final String TWO =
      SOUND
          + """
          teachers = [
            { id = b, onnx = b.onnx, normalise { mean = [0.5], deviation = [0.25] } }
            { id = a, onnx = a.onnx, outputs { map = inner } }
          ]
          """;

  private final Problems problems = new Problems();

  @Test
  void keepsTheOrderAndFillsTheDefaultsOfEach() {
    Recipe recipe = read(TWO).orElseThrow();

    assertThat(recipe.teachers()).extracting(TeacherSettings::id).containsExactly("b", "a");
    assertThat(recipe.teacher()).contains(recipe.teachers().get(0));
    assertThat(recipe.teachers().get(0).normalisation()).isPresent();
    assertThat(recipe.teachers().get(0).outputs()).containsOnlyKeys("logits");
    assertThat(recipe.teachers().get(1).normalisation()).isEmpty();
    assertThat(recipe.teachers().get(1).outputs()).containsOnlyKeys("logits", "map");
  }

  @Test
  void theShortFormIsAListOfOne() {
    assertThat(read(SOUND + "teacher { id = big, onnx = big.onnx }").orElseThrow().teachers())
        .extracting(TeacherSettings::id)
        .containsExactly("big");
    assertThat(read(SOUND).orElseThrow().teachers()).isEmpty();
  }

  @Test
  void refusesBothFormsAtOnce() {
    assertThat(read(TWO + "teacher { id = big, onnx = big.onnx }")).isEmpty();
    assertThat(problems.found())
        .extracting(Problem::toString)
        .containsExactly(
            "test.conf:11: teachers: cannot stand beside teacher; write all into teachers = [...],"
                + " or set one to null");
    assertThat(read(TWO + "teacher = null").orElseThrow().teachers()).hasSize(2);
  }

  @Test
  void refusesTwoTeachersOfOneIdAndAListOfNone() {
    assertThat(read(TWO.replace("id = b", "id = A"))).isEmpty();
    assertThat(read(SOUND + "teachers = []")).isEmpty();
    assertThat(problems.found())
        .extracting(Problem::toString)
        .containsExactly(
            "test.conf:13: teachers[1].id: is the id of another teacher, too, letter case aside;"
                + " ids must be distinct",
            "test.conf:11: teachers: must list at least one teacher");
  }

  @Test
  void saysWhichTeacherIsWrong() {
    assertThat(read(TWO.replace("onnx = a.onnx, ", ""))).isEmpty();
    assertThat(problems.found())
        .singleElement()
        .satisfies(
            p ->
                assertThat(p.toString())
                    .isEqualTo(
                        "test.conf:13: teachers[1]: must name exactly one of onnx (a model that"
                            + " exists), bundle (one that was exported here), table (what a model"
                            + " said elsewhere), or both graph and train (a model to train here"
                            + " first); names none"));
  }

  @ParameterizedTest
  @ValueSource(strings = {".", "..", "-x", "a/b", ""})
  void anIdIsAFolderOfItsOwn(String id) {
    assertThat(read(SOUND + "teacher { id = \"" + id + "\", onnx = big.onnx }")).isEmpty();
    assertThat(problems.found()).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Map", "1st", "a.b", "_x"})
  void aSignalIsAColumnOfATable(String signal) {
    assertThat(
            read(SOUND + "teacher { id = a, onnx = b, outputs { \"%s\" = x } }".formatted(signal)))
        .isEmpty();
    assertThat(problems.found())
        .singleElement()
        .satisfies(p -> assertThat(p.message()).contains("outputs names a signal '" + signal));
  }

  @Test
  void itsOwnFeaturesHaveTheDefaultsOfTheData() {
    String own = "teacher { id = a, onnx = b, features { columns = [told], shape = [3] } }";
    Recipe recipe = read(SOUND + own).orElseThrow();

    FeatureSettings features = recipe.teachers().get(0).features().orElseThrow();
    assertThat(features)
        .isEqualTo(
            new FeatureSettings(
                List.of("told"),
                Encoding.FLOAT,
                List.of(3),
                Layout.CHW,
                1,
                new Normalisation(List.of(0.0), List.of(1.0))));
    assertThat(features.normalisation()).isEqualTo(recipe.data().features().normalisation());
    assertThat(features.scale()).isEqualTo(recipe.data().features().scale());

    assertThat(read(SOUND + "teacher { id = a, onnx = b, features { shape = [3] } }")).isEmpty();
    assertThat(problems.found())
        .extracting(Problem::toString)
        .containsExactly("test.conf:11: teacher.features.columns: is missing");
  }

  @Test
  void isCheckedByDefaultAndAsTheRecipeSays() {
    assertThat(checked("")).isEqualTo(new TeacherCheckSettings(512, OptionalDouble.empty()));
    assertThat(checked(", check { rows = 9, accuracy-floor = 0.8 }"))
        .isEqualTo(new TeacherCheckSettings(9, OptionalDouble.of(0.8)));
    assertThat(checked(", check.accuracy-floor = 0").asksNothing()).isTrue();

    read(SOUND + "teacher { id = a, onnx = b, check { rows = 0 } }");
    read(SOUND + "teacher { id = a, onnx = b, check { accuracy-floor = 80 } }");
    read(SOUND + "teacher { id = a, onnx = b, check { accuracy-floor = high } }");
    assertThat(problems.found())
        .extracting(Problem::message)
        .containsExactly(
            "rows must be 1 to 100,000, is 0",
            "accuracy-floor must be 0 to 1, or chance, is 80.0",
            "must be a number, is 'high'");
  }

  private TeacherCheckSettings checked(String more) {
    return read(SOUND + "teacher { id = a, onnx = b%s }".formatted(more))
        .orElseThrow()
        .teachers()
        .get(0)
        .check();
  }

  @Test
  void refusesSignalsThatSqlTakesForOne() {
    assertThat(
            read(
                SOUND
                    + "teacher { id = a, onnx = b, outputs { map_a = x, map_A = y, map_b = z } }"))
        .isEmpty();
    assertThat(problems.found())
        .extracting(Problem::toString)
        .containsExactly(
            "test.conf:11: teacher: outputs names the signals 'map_A' and 'map_a', which SQL takes"
                + " for one; give one another name");
  }

  private Optional<Recipe> read(String text) {
    return new RecipeReader("/home", "/recipes").read(text, "test.conf", List.of(), problems);
  }
}
