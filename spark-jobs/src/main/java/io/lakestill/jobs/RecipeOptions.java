package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.RecipeReader;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import picocli.CommandLine.Option;

/** The options every recipe command takes, and the reading of the recipe they name. */
public final class RecipeOptions {
  @Option(
      names = "--recipe",
      required = true,
      paramLabel = "FILE",
      description = "The recipe (HOCON), on any Hadoop file system.")
  private String recipe;

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
    options.recipe = recipe;
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
    Problems problems = new Problems();
    Path path = new Path(recipe);
    List<String> all = new ArrayList<>(overrides);
    if (output != null) {
      all.add("output=\"" + output.replace("\\", "\\\\").replace("\"", "\\\"") + "\"");
    }
    Path folder = path.getParent() == null ? new Path(".") : path.getParent();
    RecipeReader reader = new RecipeReader(home(), folder.toString());
    Optional<Blueprint> blueprint =
        reader
            .draft(text(path), path.getName(), all, problems)
            .flatMap(draft -> Blueprint.of(draft, problems));
    problems.throwIfAny(recipe);
    return blueprint.orElseThrow();
  }

  /** The folder of the installation, set by {@code bin/lakestill}; the working folder otherwise. */
  static String home() {
    return System.getProperty("lakestill.home", ".");
  }

  private static String text(Path path) {
    Configuration configuration = new Configuration();
    try (InputStream in = path.getFileSystem(configuration).open(path)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (FileNotFoundException e) {
      throw Errors.noRecipe(path.toString(), e);
    } catch (IOException e) {
      throw Errors.noRecipe(path + "' (" + e.getMessage() + ")", e);
    }
  }
}
