package io.lakestill.jobs;

import com.typesafe.config.ConfigObject;
import io.lakestill.recipe.Origins;
import io.lakestill.recipe.Problem;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.RecipeDraft;
import io.lakestill.recipe.TeacherSettings;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Compares the projections of a recipe with the signals of its teachers: a misspelled one would do
 * nothing. Whether a signal is wide enough is known once its teacher is.
 *
 * @param problems where faults go
 */
record ProjectionChecks(RecipeDraft draft, Problems problems) {
  private static final String PROJECT = "signals.project";

  /** Every projection is of a signal that some teacher gives. */
  void check() {
    List<TeacherSettings> teachers = draft.teachers().orElse(List.of());
    if (teachers.isEmpty() || !draft.source().hasPath(PROJECT)) {
      return;
    }
    if (!(draft.source().getValue(PROJECT) instanceof ConfigObject project)) {
      return; // Said where the section is read.
    }
    Set<String> given = new TreeSet<>();
    teachers.forEach(teacher -> given.addAll(teacher.outputs().keySet()));
    for (String signal : new TreeSet<>(project.keySet())) {
      if (!given.contains(signal)) {
        problems.add(
            new Problem(
                Origins.where(project.get(signal).origin()),
                PROJECT + "." + signal,
                "is no signal of the recipe, there are %s; correct the name, or name a tensor for"
                        .formatted(given)
                    + " it in a teacher's outputs"));
      }
    }
  }
}
