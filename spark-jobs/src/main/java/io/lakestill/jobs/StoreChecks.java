package io.lakestill.jobs;

import io.lakestill.recipe.Origins;
import io.lakestill.recipe.Problem;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.RecipeDraft;
import io.lakestill.recipe.StoreSettings;
import io.lakestill.recipe.TeacherSettings;
import java.util.List;
import java.util.Optional;

/**
 * Compares the tables that a recipe names for its signals with its teachers.
 *
 * @param problems where faults go
 */
record StoreChecks(RecipeDraft draft, Problems problems) {
  private static final String TABLE = "signals.table";

  /** Every teacher has a table of its own. */
  void check() {
    Optional<StoreSettings> store = draft.recipe().map(recipe -> recipe.signals().store());
    List<TeacherSettings> teachers = draft.teachers().orElse(List.of());
    List<String> tables =
        store.stream()
            .flatMap(settings -> teachers.stream().flatMap(t -> settings.table(t.id()).stream()))
            .toList();
    if (tables.stream().distinct().count() < tables.size()) {
      problems.add(
          new Problem(
              Origins.where(draft.source().getValue(TABLE).origin()),
              TABLE,
              "gives several teachers one table; write %s into it, which stands for the id of each%s"
                  .formatted(
                      StoreSettings.TEACHER,
                      " (characters that are no letter, digit or _ become _)")));
    }
  }
}
