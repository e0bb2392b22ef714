package io.lakestill.jobs;

import java.util.EnumSet;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code run}. */
@Command(
    name = "run",
    description = "Runs every stage of a recipe, skipping what is already done.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  bin/lakestill run --recipe conf/recipes/fashion-mnist.conf --set"
          + " data.train=/lake/train.parquet",
      "  bin/lakestill run --recipe my-data.conf --recipe conf/recipes/methods/crd.conf"
    })
final class RunCommand extends RecipeCommand {
  @Mixin private RecipeOptions options;

  @Override
  RecipeOptions options() {
    return options;
  }

  @Override
  Set<Stage> stages() {
    return EnumSet.allOf(Stage.class);
  }
}
