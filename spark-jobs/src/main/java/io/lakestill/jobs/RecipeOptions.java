package io.lakestill.jobs;

import io.lakestill.recipe.Problems;
import io.lakestill.recipe.RecipeReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options every recipe command takes, and the reading of the recipe they name. */
public final class RecipeOptions {
  @Option(
      names = "--recipe",
      required = true,
      paramLabel = "FILE",
      description = {
        "The recipe (HOCON), here or on any Hadoop file system.",
        "Repeatable: each file is laid over those before, key by key, so that one may hold the data"
            + " and another the method: --recipe my-data.conf --recipe"
            + " conf/recipes/methods/crd.conf."
      })
  private List<String> recipes = new ArrayList<>();

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Overrides a key of the recipe, e.g. --set train.epochs=3. Repeatable.")
  private List<String> overrides = new ArrayList<>();

  @Option(
      names = "--output",
      paramLabel = "DIR",
      description = "Overrides the recipe's output folder.")
  private String output;

  static RecipeOptions of(String recipe, List<String> overrides, Optional<String> output) {
    RecipeOptions options = new RecipeOptions();
    options.recipes = List.of(recipe);
    options.overrides = new ArrayList<>(overrides);
    options.output = output.orElse(null);
    return options;
  }

  /**
   * Reads and checks the recipe as a whole, before Spark is started.
   *
   * @throws io.lakestill.error.LakestillException (exit 2) that lists every problem
   */
  Blueprint blueprint() {
    return blueprint(List.of());
  }

  /**
   * The same with more overrides, as {@code --set} takes them.
   *
   * @throws io.lakestill.error.LakestillException (exit 2) that lists every problem
   */
  Blueprint blueprint(List<String> more) {
    Problems problems = new Problems();
    List<RecipeFile> files = RecipeFile.read(recipes);
    List<String> all = new ArrayList<>(overrides);
    all.addAll(more);
    if (output != null) {
      all.add("output=" + quoted(output));
    }
    RecipeReader reader = new RecipeReader(home(), files.get(0).folder());
    Optional<Blueprint> blueprint =
        reader
            .draft(files.stream().map(RecipeFile::layer).toList(), all, problems)
            .flatMap(draft -> Blueprint.of(draft, problems));
    problems.throwIfAny(String.join("' with '", recipes));
    return blueprint.orElseThrow();
  }

  /** A text as a value of HOCON. */
  static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }

  /** The folder of the installation, set by {@code bin/lakestill}; the working folder otherwise. */
  static String home() {
    return System.getProperty("lakestill.home", ".");
  }
}
