package io.lakestill.report;

import io.lakestill.recipe.EvaluateSettings;
import io.lakestill.recipe.ModelRole;
import io.lakestill.recipe.Origins;
import io.lakestill.recipe.Problem;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.RecipeDraft;
import io.lakestill.recipe.TeacherSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** The gates of a recipe, refused before anything runs when they cannot be evaluated. */
public final class RecipeGates {
  private static final Pattern NEEDS_TWIN =
      Pattern.compile("scratch|across_seeds\\.(scratch|mean_diff|difference|wins)");

  private RecipeGates() {}

  /**
   * @param models the models whose scores the scorecard will have
   * @param problems receives a problem for each gate that is no condition, or that needs a measure
   *     this recipe's scorecard will not have
   */
  public static List<Gate> read(RecipeDraft draft, Set<ModelRole> models, Problems problems) {
    List<Gate> gates = new ArrayList<>();
    List<String> conditions = draft.evaluate().map(EvaluateSettings::gates).orElse(List.of());
    for (int i = 0; i < conditions.size(); i++) {
      Optional<String> fault = Optional.empty();
      try {
        Gate gate = Gate.parse(conditions.get(i));
        gates.add(gate);
        fault = draft.recipe().flatMap(recipe -> unmeasured(gate, recipe, models));
      } catch (IllegalArgumentException e) {
        fault = Optional.of(e.getMessage());
      }
      String path = "evaluate.gates[" + i + "]";
      fault.ifPresent(message -> problems.add(new Problem(where(draft), path, message)));
    }
    return gates;
  }

  private static Optional<String> unmeasured(Gate gate, Recipe recipe, Set<ModelRole> models) {
    for (String path : gate.paths()) {
      if (recipe.teacher().isEmpty() && GateSide.needsTeacher(path)) {
        return Optional.of(
            "'%s' needs '%s', but a recipe without a teacher measures the student alone; add a teacher or remove the gate"
                .formatted(gate.condition(), path));
      }
      if (recipe.teacher().flatMap(TeacherSettings::table).isPresent()
          && GateSide.needsTeacherModel(path)) {
        return Optional.of(
            "'%s' needs '%s', which nobody knows of a teacher that is a table; remove the gate"
                .formatted(gate.condition(), path));
      }
      if (!models.contains(ModelRole.SCRATCH) && NEEDS_TWIN.matcher(path).lookingAt()) {
        return Optional.of(
            "'%s' needs '%s', but no term of train.objectives asks the teacher for anything, so there is no scratch twin to compare with; add such a term or remove the gate"
                .formatted(gate.condition(), path));
      }
      if (recipe.train().seeds().size() < 2 && GateSide.needsSeeds(path)) {
        return Optional.of(
            "'%s' needs '%s', but one seed has no deviation; list more train.seeds or remove the gate"
                .formatted(gate.condition(), path));
      }
    }
    return Optional.empty();
  }

  private static String where(RecipeDraft draft) {
    return Origins.where(draft.source().getValue("evaluate.gates").origin());
  }
}
