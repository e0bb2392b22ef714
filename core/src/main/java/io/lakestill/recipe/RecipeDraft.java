package io.lakestill.recipe;

import com.typesafe.config.Config;
import java.util.Optional;

/**
 * A recipe as far as it could be read: a section that was refused is empty. It lets every package
 * check the sections it understands, so that a person sees all faults at once.
 *
 * @param recipe the whole recipe, when nothing was refused
 * @param source the resolved text
 */
public record RecipeDraft(
    Optional<DataSettings> data,
    Optional<TeacherSettings> teacher,
    Optional<GraphSettings> student,
    Optional<TrainSettings> train,
    Optional<EvaluateSettings> evaluate,
    Optional<Recipe> recipe,
    Config source) {}
