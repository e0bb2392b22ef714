package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.TeacherSettings;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import java.util.List;
import java.util.TreeSet;
import org.apache.spark.sql.SparkSession;

/**
 * The dates that a training learns from, where it is not all.
 *
 * @param data the recipe's tables
 * @param first the first date, in the order of the texts
 * @param last the last date
 */
record TrainingWindow(DataSettings data, String first, String last) {

  /**
   * The newest dates that all teachers have signals of: dates that have arrived and are not taught
   * yet are no fault of a training.
   *
   * @param count how many; all if there are fewer
   * @throws io.lakestill.error.LakestillException (exit 2) when the recipe has no dates or no
   *     teacher, (exit 3) when a teacher has signals of none
   */
  static TrainingWindow newest(int count, Recipe recipe, OutputFolder output, SparkSession spark) {
    if (count < 1) {
      throw Errors.badRecipe("--window must be at least 1, is %d.".formatted(count));
    }
    if (recipe.data().date().isEmpty() || recipe.teachers().isEmpty()) {
      throw Errors.badRecipe(
          "--window counts the dates of signal tables, and the recipe names no %s; leave it away,"
                  .formatted(recipe.teachers().isEmpty() ? "teacher" : "date column (data.date)")
              + " or choose rows with data.train-where.");
    }
    TreeSet<String> dates = new TreeSet<>();
    for (int i = 0; i < recipe.teachers().size(); i++) {
      TeacherSettings teacher = recipe.teachers().get(i);
      List<String> taught = taught(output, teacher.id(), spark);
      if (i == 0) {
        dates.addAll(taught);
      } else {
        dates.retainAll(taught);
      }
    }
    if (dates.isEmpty()) {
      throw Errors.badInput(
          "There is no date that all teachers have signals of in '%s'; run teach first."
              .formatted(output.root()));
    }
    while (dates.size() > count) {
      dates.pollFirst();
    }
    return new TrainingWindow(recipe.data(), dates.first(), dates.last());
  }

  private static List<String> taught(OutputFolder output, String teacher, SparkSession spark) {
    return new SignalTable(output.signals(teacher), spark.sessionState().newHadoopConf())
        .current()
        .map(SignalManifest::dates)
        .orElse(List.of());
  }

  /** As {@code --set} takes it: the recipe's own condition, and the dates. */
  String override() {
    String date = "cast(`%s` as string)".formatted(data.date().orElseThrow().replace("`", "``"));
    String dates = "%s >= '%s' and %s <= '%s'".formatted(date, first, date, last);
    String both = data.train().where().map(own -> "(" + own + ") and " + dates).orElse(dates);
    return "data.train-where=" + RecipeOptions.quoted(both);
  }
}
