package io.lakestill.recipe;

import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import io.lakestill.error.Secrets;
import java.util.Map;

/**
 * Refuses addresses that carry a password or a signature: a recipe is kept in bundles, which are
 * handed on.
 */
final class RecipeSecrets {
  private RecipeSecrets() {}

  /** Adds a problem for each. */
  static void find(ConfigObject recipe, Problems problems) {
    recipe.forEach((key, value) -> find(key, value, problems));
  }

  private static void find(String path, ConfigValue value, Problems problems) {
    if (value instanceof ConfigObject section) {
      for (Map.Entry<String, ConfigValue> entry : section.entrySet()) {
        find(path + "." + entry.getKey(), entry.getValue(), problems);
      }
    } else if (value instanceof ConfigList list) {
      list.forEach(each -> find(path, each, problems));
    } else if (value.unwrapped() instanceof String text) {
      Secrets.in(text)
          .ifPresent(
              shown ->
                  problems.add(
                      new Problem(
                          Origins.where(value.origin()),
                          path,
                          "'%s' carries a secret, and a recipe is kept in every bundle; leave it out"
                                  .formatted(shown)
                              + " here and give it by a Hadoop credential provider, see"
                              + " core/docs/operations.md")));
    }
  }
}
