package io.lakestill.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A recipe of several files: each lies over those before. */
class RecipeLayersTest {
  private static final String BASE =
      """
      name = mine
      output = ${lakestill.recipe-folder}/out
      data {
        train = ${lakestill.recipe-folder}/train.parquet
        test = ${data.train}
        classes = [no, yes]
        features { columns = [pixels], shape = [1, 8, 8] }
      }
      teacher { id = big, onnx = ${ lakestill.recipe-folder }/big.onnx }
      student { architecture = mlp, hidden = [32] }
      train {
        objectives = [{ type = kd-kl }, { type = cross-entropy }]
        epochs = 7
      }
      """;
  private static final String METHOD =
      """
      # Everything of the method, nothing of ${lakestill.recipe-folder}.
      teacher.outputs { embedding = embedding }
      teacher.input = "${lakestill.recipe-folder}" // not a substitution
      data.validation = ${?lakestill.recipe-folder}/validation.parquet
      train {
        objectives = [{ type = dist, weight = 0.7 }]
        batch = 32
      }
      """;

  private final Problems problems = new Problems();

  @Test
  void laterFilesWinKeyByKey() {
    Recipe recipe = read(BASE, METHOD).orElseThrow();

    assertThat(recipe.train().epochs()).isEqualTo(7);
    assertThat(recipe.train().batch()).isEqualTo(32);
    assertThat(recipe.train().objectives()).extracting(term -> term.type()).containsExactly("dist");
    assertThat(recipe.teacher().orElseThrow().outputs()).containsOnlyKeys("logits", "embedding");
    assertThat(recipe.name()).isEqualTo("mine");
  }

  @Test
  void eachFileMeansItsOwnFolder() {
    Recipe recipe = read(BASE, METHOD).orElseThrow();

    assertThat(recipe.output()).isEqualTo("/layer-0/out");
    assertThat(recipe.data().train().path()).isEqualTo("/layer-0/train.parquet");
    assertThat(recipe.data().test().path()).isEqualTo("/layer-0/train.parquet");
    assertThat(recipe.teacher().orElseThrow().onnx()).contains("/layer-0/big.onnx");
    assertThat(recipe.data().validation().orElseThrow().path())
        .isEqualTo("/layer-1/validation.parquet");
    assertThat(recipe.teacher().orElseThrow().input())
        .as("what stands in quotes is text")
        .contains("${lakestill.recipe-folder}");
  }

  @Test
  void aLaterFileMayReferToAnEarlierOne() {
    assertThat(read(BASE, "data.test = ${data.train}.old").orElseThrow().data().test().path())
        .isEqualTo("/layer-0/train.parquet.old");
  }

  @Test
  void overridesLieOverAllFilesAndMeanTheFirstFolder() {
    Recipe recipe =
        read(
                List.of("train.batch=8", "data.test=${lakestill.recipe-folder}/t"),
                BASE,
                METHOD,
                "train.batch = 16")
            .orElseThrow();

    assertThat(recipe.train().batch()).isEqualTo(8);
    assertThat(recipe.data().test().path()).isEqualTo("/first/t");
  }

  @Test
  void problemsNameTheFileAndLineTheyComeFrom() {
    assertThat(
            read(
                BASE.replace("epochs = 7", "epochs = some"),
                METHOD.replace("batch = 32", "bathc = 32"),
                "train.optimizer.learning-rate = fast"))
        .isEmpty();
    assertThat(problems.found())
        .extracting(Problem::toString)
        .containsExactlyInAnyOrder(
            "layer-0.conf:13: train.epochs: must be a number, is 'some'",
            "layer-1.conf:7: train.bathc: unknown key; did you mean 'batch'?",
            "layer-2.conf:1: train.optimizer.learning-rate: must be a number, is 'fast'");
  }

  @Test
  void brokenSyntaxNamesItsFile() {
    assertThat(read(BASE, "train {\n  batch = [ }\n")).isEmpty();
    assertThat(problems.found())
        .singleElement()
        .satisfies(p -> assertThat(p.where()).isEqualTo("layer-1.conf:2"));
  }

  @Test
  void anUnknownSubstitutionNamesItsFile() {
    assertThat(read(BASE, METHOD, "\noutput = ${no.such.key}")).isEmpty();
    assertThat(problems.found())
        .singleElement()
        .satisfies(p -> assertThat(p.toString()).startsWith("layer-2.conf:2: HOCON: "));
  }

  @Test
  void noFileMayTouchTheDefaults() {
    assertThat(read(BASE, "\ndefaults.train.epochs = 3")).isEmpty();
    assertThat(read(List.of("defaults.train.epochs=3"), BASE)).isEmpty();
    assertThat(problems.found())
        .extracting(Problem::toString)
        .hasSize(2)
        .contains("layer-1.conf:2: defaults: is Lakestill's own; set the key itself")
        .allMatch(text -> text.endsWith("defaults: is Lakestill's own; set the key itself"));
  }

  private Optional<Recipe> read(String... texts) {
    return read(List.of(), texts);
  }

  private Optional<Recipe> read(List<String> overrides, String... texts) {
    List<RecipeLayer> layers =
        java.util.stream.IntStream.range(0, texts.length)
            .mapToObj(i -> new RecipeLayer("layer-" + i + ".conf", "/layer-" + i, texts[i]))
            .toList();
    return new RecipeReader("/home", "/first")
        .draft(layers, overrides, problems)
        .flatMap(RecipeDraft::recipe);
  }
}
