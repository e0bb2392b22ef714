package io.lakestill.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.recipe.ScoreTable.Always;
import io.lakestill.recipe.ScoreTable.Statement;
import io.lakestill.recipe.ScoreTable.Varying;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A teacher that is a table: {@code teacher { id, table { path, ... } }}. */
class ScoreTableTest {
  private final Problems problems = new Problems();

  @Test
  void readsWhatEachColumnHolds() {
    ScoreTable spark = table("path = scores, where = \"day = 3\", id = key, probabilities = p");
    assertThat(spark.table()).isEqualTo(new TableSettings("scores", Optional.of("day = 3")));
    assertThat(spark.id()).contains("key");
    assertThat(spark.statement()).isEqualTo(Statement.PROBABILITIES);
    assertThat(spark.columns()).containsExactly("p");

    assertThat(table("path = s, logits = [p, q]").columns()).containsExactly("p", "q");
    assertThat(table("path = s, scores = votes").statement()).isEqualTo(Statement.SCORES);
    assertThat(table("path = s, answer = said, confidence = 0.9").confidence())
        .contains(new Always(0.9));
    assertThat(table("path = s, answer = said, confidence = sure").confidence())
        .contains(new Varying("sure"));
  }

  @Test
  void furtherSignalsAreItsOutputs() {
    TeacherSettings teacher =
        teacher("table { path = s, logits = [p, q] }, outputs { embedding = features }")
            .orElseThrow();

    assertThat(teacher.outputs())
        .containsOnlyKeys("logits", "embedding")
        .containsEntry("logits", "p, q")
        .containsEntry("embedding", "features");
    assertThat(teacher.onnx()).isEmpty();
  }

  @Test
  void refusesATableThatSaysNothingOrTooMuch() {
    refuses(
        "table { path = s }",
        "teacher.table: must name the columns of exactly one of logits, probabilities, scores and"
            + " answer; names none");
    refuses(
        "table { path = s, logits = a, answer = b, confidence = 0.9 }",
        "teacher.table: must name the columns of exactly one of logits, probabilities, scores and"
            + " answer; names [logits, answer]");
    refuses(
        "table { path = s, answer = b }",
        "teacher.table: answer needs a confidence: the probability of the class it names, as a"
            + " number such as 0.9, or the column that holds it");
    refuses(
        "table { path = s, logits = b, confidence = 0.9 }",
        "teacher.table: confidence belongs to an answer; logits say it themselves");
    refuses(
        "table { path = s, logits = [b, b] }",
        "teacher.table: logits must name each column once, names [b, b]");
    refuses(
        "table { path = s, logit = b, scores = s }",
        "teacher.table.logit: unknown key; did you mean 'logits'?");
  }

  @Test
  void refusesWhatOnlyAModelHas() {
    refuses(
        "table { path = s, logits = a }, input = x",
        "teacher.input: a table of scores is shown no examples; remove it");
    refuses(
        "table { path = s, logits = a }, normalise { mean = [0], deviation = [1] }",
        "teacher.normalise: a table of scores is shown no examples; remove it");
    refuses(
        "table { path = s, logits = a }, outputs { logits = b }",
        "teacher.outputs.logits: the teacher's table names the columns of its logits already;"
            + " remove this");
  }

  @Test
  void refusesTwoSourcesOfOneTeacher() {
    String one =
        "teacher: must name exactly one of onnx (a model that exists), bundle (one that was"
            + " exported here), table (what a model said elsewhere), or both graph and train (a"
            + " model to train here first); names ";

    refuses("onnx = a, bundle = b", one + "onnx and bundle");
    refuses("bundle = b, table { path = s, logits = a }", one + "bundle and table");
    refuses("graph { architecture = mlp }", one + "graph");
    refuses("input = x", one + "none");
    assertThat(teacher("bundle = b").orElseThrow().bundle()).contains("b");
  }

  private void refuses(String text, String problem) {
    assertThat(teacher(text)).isEmpty();
    assertThat(problems.found())
        .extracting(found -> found.toString().replaceFirst("^test.conf:\\d+: ", ""))
        .endsWith(problem);
  }

  private ScoreTable table(String text) {
    return teacher("table { " + text + " }").flatMap(TeacherSettings::table).orElseThrow();
  }

  private Optional<TeacherSettings> teacher(String text) {
    String recipe =
        """
        name = pets
        output = out
        data {
          train = train.parquet
          test = test.parquet
          classes = [no, yes]
          features { columns = [pixels], shape = [1, 8, 8] }
        }
        student { architecture = mlp, hidden = [32] }
        train { objectives = [{ type = cross-entropy }] }
        teacher { id = gbt, %s }
        """
            .formatted(text);
    return new RecipeReader("/home", "/recipes")
        .read(recipe, "test.conf", List.of(), problems)
        .flatMap(Recipe::teacher);
  }
}
