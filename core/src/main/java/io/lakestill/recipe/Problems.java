package io.lakestill.recipe;

import io.lakestill.error.Errors;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Collects everything wrong with a recipe, so that a person sees all of it at once. */
public final class Problems {
  private final List<Problem> found = new ArrayList<>();

  public void add(Problem problem) {
    if (!found.contains(problem)) {
      found.add(problem);
    }
  }

  public int count() {
    return found.size();
  }

  public List<Problem> found() {
    return List.copyOf(found);
  }

  /** Refuses the recipe with one message that lists every problem. */
  public void throwIfAny(String recipe) {
    if (found.isEmpty()) {
      return;
    }
    String list = found.stream().map(p -> "  - " + p).collect(Collectors.joining("\n"));
    throw Errors.badRecipe(
        "Recipe '%s' has %d problem%s; nothing was run:%n%s"
            .formatted(recipe, found.size(), found.size() == 1 ? "" : "s", list));
  }
}
