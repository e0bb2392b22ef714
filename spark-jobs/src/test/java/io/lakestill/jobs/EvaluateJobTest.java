package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.data.FeaturePipeline;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.metric.ClassificationTally;
import io.lakestill.recipe.Recipe;
import io.lakestill.student.Layer;
import io.lakestill.student.StudentGraph;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluateJobTest {
  private static final SparkSession SPARK = LocalSession.open();

  /** Too much for {@link Oracle#magnified}, and not for the oracle itself. */
  private static final float HUGE = 1e35f;

  @TempDir private Path folder;
  private final List<Row> rows = new ArrayList<>(Pets.rows(60, 7));
  private final Oracle sound = Oracle.random(3);

  private void add(String id, float pixel) {
    rows.add(Pets.row(id, new float[] {1, pixel, 1, 1, 1, 1}, 0L));
  }

  private Recipe recipe(String... overrides) {
    String table = folder.resolve("test").toString();
    Pets.write(SPARK, rows, 3, table);
    return Pets.recipe(table, overrides);
  }

  private static Contestant contestant(String name, Oracle model, Recipe recipe) {
    return new Contestant(
        name,
        model.onnx(),
        Layer.INPUT,
        List.of(1L, 2L, 3L),
        StudentGraph.LOGITS,
        List.of(),
        new FeaturePipeline(recipe.data().features(), List.of(), 0));
  }

  private static TestScores evaluate(Recipe recipe, Oracle teacher, Oracle student) {
    return EvaluateJob.run(
        SPARK,
        recipe,
        List.of(
            contestant("the teacher", teacher, recipe), contestant("the student", student, recipe)),
        1,
        progress -> {});
  }

  @Test
  void refusesATestRowThatIsNotANumberAndNamesIt() {
    add("pet-nan", Float.NaN);

    assertRefused(
        recipe("signals.quarantine-budget=0"),
        sound,
        sound,
        "1 of 61 rows of test table",
        "signals.quarantine-budget = 0.0 allows 0; such as 'pet-nan' (value 1 is not finite: NaN)",
        "data.test-where");
  }

  @Test
  void leavesRowsOutForAllModelsAlikeWithinTheBudget() {
    add("pet-nan", Float.NaN);
    add("pet-huge", HUGE);
    rows.add(Pets.row("pet-missing", null, 0L));

    TestScores scores = evaluate(recipe(), sound.magnified(), sound);

    assertThat(scores.leftOut()).isEqualTo(3);
    assertThat(scores.examples())
        .containsExactly(
            "'pet-huge' (the teacher's logits are not finite)",
            "'pet-missing' (the features are missing)",
            "'pet-nan' (value 1 is not finite: NaN)");
    assertThat(scores.tallies()).extracting(ClassificationTally::rows).containsOnly(60L);
    rows.subList(60, 63).clear();
    TestScores without = evaluate(recipe(), sound.magnified(), sound);
    assertThat(without.leftOut()).isZero();
    assertThat(scores.tallies().get(1).accuracy()).isEqualTo(without.tallies().get(1).accuracy());
  }

  @Test
  void leavesARowOutOfWhichAnyTeacherSaysNothingFinite() {
    add("pet-huge", HUGE);
    Recipe recipe = recipe();

    TestScores scores =
        EvaluateJob.run(
            SPARK,
            recipe,
            List.of(
                contestant("teacher one", sound, recipe),
                contestant("teacher two", sound.magnified(), recipe),
                contestant("the student", sound, recipe)),
            2,
            progress -> {});

    assertThat(scores.leftOut()).isEqualTo(1);
    assertThat(scores.examples())
        .containsExactly("'pet-huge' (the logits of teacher two are not finite)");
    assertThat(scores.tallies()).extracting(ClassificationTally::rows).containsOnly(60L);
    assertThat(scores.tallies().get(2).agreement()).isEqualTo(1.0);
  }

  @Test
  void refusesMoreRowsThanTheBudgetAndNamesFive() {
    for (int i = 0; i < 9; i++) {
      add("pet-huge-" + i, HUGE);
    }

    assertRefused(
        recipe(),
        sound.magnified(),
        sound,
        "9 of 69 rows of test table",
        "allows 6",
        "'pet-huge-0' (the teacher's logits are not finite)",
        "'pet-huge-4' (the teacher's logits are not finite). Correct");
  }

  @Test
  void refusesAStudentThatSaysSomethingNotFinite() {
    add("pet-huge", HUGE);

    assertRefused(
        recipe(), sound, sound.magnified(), "Model 'the student'", "for test row 'pet-huge'");
  }

  private static void assertRefused(
      Recipe recipe, Oracle teacher, Oracle student, String... messages) {
    assertThatThrownBy(() -> evaluate(recipe, teacher, student))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .satisfies(
            e -> Arrays.stream(messages).forEach(text -> assertThat(e).hasMessageContaining(text)));
  }
}
