package io.lakestill.jobs;

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
  void stages(Pipeline pipeline) {
    pipeline.evaluate();
  }
}
