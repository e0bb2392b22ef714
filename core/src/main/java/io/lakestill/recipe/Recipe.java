package io.lakestill.recipe;

import com.typesafe.config.Config;
import java.util.List;
import java.util.Optional;

/**
 * One recipe: data, teachers, signals, student, training, evaluation, export.
 *
 * @param name names the run in Spark's UI and in reports
 * @param output the folder that every stage writes below
 * @param teachers in the recipe's order; none when the student learns from labels alone
 * @param source the resolved text it was read from, for provenance
 */
public record Recipe(
    String name,
    String output,
    DataSettings data,
    List<TeacherSettings> teachers,
    SignalSettings signals,
    GraphSettings student,
    TrainSettings train,
    EvaluateSettings evaluate,
    ExportSettings export,
    Config source) {
  public Recipe {
    teachers = List.copyOf(teachers);
  }

  /** The first teacher: the one the student is compared with. */
  public Optional<TeacherSettings> teacher() {
    return teachers.stream().findFirst();
  }
}
