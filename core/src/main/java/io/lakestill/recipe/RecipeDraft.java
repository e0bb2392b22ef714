package io.lakestill.recipe;

import com.typesafe.config.Config;
import java.util.List;
import java.util.Optional;

/**
 * A recipe as far as it could be read: a section that was refused is empty. It lets every package
 * check the sections it understands, so that a person sees all faults at once.
 *
 * @param teachers an empty list when the recipe has none
 * @param recipe the whole recipe, when nothing was refused
 * @param source the resolved text
 */
public record RecipeDraft(
    Optional<DataSettings> data,
    Optional<List<TeacherSettings>> teachers,
    Optional<GraphSettings> student,
    Optional<TrainSettings> train,
    Optional<EvaluateSettings> evaluate,
    Optional<Recipe> recipe,
    Config source) {

  /** The first teacher, if there is one that is sound. */
  public Optional<TeacherSettings> teacher() {
    return teachers.flatMap(all -> all.stream().findFirst());
  }
}
