package io.lakestill.jobs;

import io.lakestill.recipe.FeatureSettings;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.TeacherSettings;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * What a teacher is shown instead of what the student is shown: privileged features, in columns of
 * the same tables.
 *
 * @param section where the recipe names them, such as {@code teacher.features}
 * @param features what they are
 */
record OwnFeatures(String section, FeatureSettings features) implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Those of one of a recipe's teachers: one, or none. */
  static List<OwnFeatures> of(Recipe recipe, TeacherSettings teacher) {
    return of(recipe).stream()
        .filter(own -> own.section().startsWith(section(recipe, teacher) + "."))
        .toList();
  }

  /** Those of all of a recipe's teachers that have any. */
  static List<OwnFeatures> of(Recipe recipe) {
    List<OwnFeatures> all = new ArrayList<>();
    for (TeacherSettings teacher : recipe.teachers()) {
      teacher
          .features()
          .ifPresent(own -> all.add(new OwnFeatures(section(recipe, teacher) + ".features", own)));
    }
    return all;
  }

  private static String section(Recipe recipe, TeacherSettings teacher) {
    List<String> ids = recipe.teachers().stream().map(TeacherSettings::id).toList();
    return TeacherPlan.section(recipe.source(), ids.indexOf(teacher.id()));
  }
}
