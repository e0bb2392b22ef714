package io.lakestill.jobs;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code quickstart}. */
@Command(
    name = "quickstart",
    description =
        "Trains a teacher on handwritten digits, distils it into a student a twenty-sixth of its"
            + " size, and writes the scorecard. A few minutes on two cores.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExample:%n",
    footer = "  bin/lakestill quickstart --output out/digits")
final class QuickstartCommand extends RecipeCommand {
  private static final String RECIPE = "conf/recipes/quickstart.conf";

  @Option(
      names = "--output",
      paramLabel = "DIR",
      description = "Where to write; out/quickstart by default.")
  private String output;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Overrides a key of the recipe. Repeatable.")
  private List<String> overrides = new ArrayList<>();

  @Override
  RecipeOptions options() {
    return RecipeOptions.of(
        RecipeOptions.home() + "/" + RECIPE, overrides, Optional.ofNullable(output));
  }

  @Override
  Set<Stage> stages() {
    return EnumSet.allOf(Stage.class);
  }
}
