package io.lakestill.jobs;

import java.util.EnumSet;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code evaluate}. */
@Command(
    name = "evaluate",
    description = "Compares teacher, student and scratch twin on the test rows; checks the gates.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExample:%n",
    footer = "  bin/lakestill evaluate --recipe my.conf")
final class EvaluateCommand extends RecipeCommand {
  @Mixin private RecipeOptions options;

  @Override
  RecipeOptions options() {
    return options;
  }

  @Override
  Set<Stage> stages() {
    return EnumSet.of(Stage.EVALUATE);
  }
}
