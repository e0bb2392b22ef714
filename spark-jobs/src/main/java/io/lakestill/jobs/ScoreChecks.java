package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.ScoreTable;
import io.lakestill.recipe.TableSettings;
import io.lakestill.recipe.TeacherSettings;
import io.lakestill.report.Gate;
import io.lakestill.report.GateSide;
import io.lakestill.signal.InputSnapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.SparkSession;

/** What must be true of the tables in which teachers spoke, found out before a run. */
record ScoreChecks(SparkSession spark, Blueprint blueprint) {

  /**
   * @param splits the examples that will be used
   * @throws io.lakestill.error.LakestillException (exit 3) when a table has two rows for a key, or
   *     knows a part of the test examples only, (exit 2) when a gate asks for what a teacher says
   *     of test examples, and the recipe's first teacher says nothing of them
   */
  void check(Set<Split> splits) {
    DataSettings data = blueprint.recipe().data();
    List<String> unmeasured = new ArrayList<>();
    for (TeacherSettings teacher : blueprint.recipe().teachers()) {
      if (teacher.table().isEmpty()) {
        continue;
      }
      try {
        Scores scores = Scores.open(spark, data, teacher);
        scores.requireUnique();
        if (splits.contains(Split.TEST) && !scores.measurable(spark, data)) {
          unmeasured.add(teacher.id());
        }
      } catch (RuntimeException e) {
        throw SparkFailures.worded(e, "check");
      }
    }
    // Gates speak of the recipe's first teacher; the scorecard begins with the first it can
    // measure.
    blueprint.recipe().teachers().stream()
        .findFirst()
        .map(TeacherSettings::id)
        .filter(unmeasured::contains)
        .ifPresent(this::refuseGates);
  }

  private void refuseGates(String first) {
    for (Gate gate : blueprint.gates()) {
      gate.paths().stream()
          .filter(GateSide::needsTeacherScores)
          .findFirst()
          .ifPresent(
              path -> {
                throw Errors.badRecipe(
                    ("Gate '%s' needs '%s' of teacher '%s', but its table of scores knows none of"
                            + " the test examples; score them, too, name another teacher first, or"
                            + " remove the gate.")
                        .formatted(gate.condition(), path, first));
              });
    }
  }

  /** What the outcome depends on beside examples: the tables, how they are read, and the gates. */
  List<String> state() {
    List<String> parts = new ArrayList<>();
    for (TeacherSettings teacher : blueprint.recipe().teachers()) {
      teacher
          .table()
          .ifPresent(
              scores -> {
                parts.add(teacher.id() + " " + scores + " " + teacher.outputs());
                parts.add(snapshot(scores));
                parts.add(blueprint.gates().toString());
              });
    }
    return parts;
  }

  private String snapshot(ScoreTable scores) {
    TableSettings table = scores.table();
    return InputSnapshot.of(table.path(), table.where(), spark.sessionState().newHadoopConf())
        .toString();
  }
}
