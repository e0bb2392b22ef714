package io.lakestill.jobs;

import java.util.EnumSet;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code teach}. */
@Command(
    name = "teach",
    description =
        "Runs the teacher over the data and writes its signal table; trains the teacher first if"
            + " the recipe says so.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExample:%n",
    footer = "  bin/lakestill teach --recipe my.conf")
final class TeachCommand extends RecipeCommand {
  @Mixin private RecipeOptions options;

  @Override
  RecipeOptions options() {
    return options;
  }

  @Override
  Set<Stage> stages() {
    return EnumSet.of(Stage.TEACH);
  }
}
