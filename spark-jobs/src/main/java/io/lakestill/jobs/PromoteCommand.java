package io.lakestill.jobs;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code promote}. */
@Command(
    name = "promote",
    description = {
      "Asks the gates, and makes the student the current version of a model in a catalogue.",
      "It runs evaluate first, which costs nothing when that has been run. A gate that refuses"
          + " (exit 6) leaves the catalogue as it is."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExample:%n",
    footer = "  bin/lakestill promote --recipe my.conf --catalogue hdfs:///models")
final class PromoteCommand extends RecipeCommand {
  @Mixin private RecipeOptions options;

  @Option(
      names = "--catalogue",
      required = true,
      paramLabel = "DIR",
      description = "The folder of models, on any Hadoop file system.")
  private String catalogue;

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description = "What the model is called there; the recipe's name if not given.")
  private String model;

  @Override
  RecipeOptions options() {
    return options;
  }

  @Override
  Set<Stage> stages() {
    return EnumSet.of(Stage.EVALUATE);
  }

  @Override
  void afterwards(Pipeline pipeline) {
    pipeline.promote(catalogue, Optional.ofNullable(model));
  }
}
