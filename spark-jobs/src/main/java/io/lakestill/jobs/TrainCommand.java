package io.lakestill.jobs;

import java.util.EnumSet;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code train}. */
@Command(
    name = "train",
    description = "Trains the student, and the same model without a teacher, for each seed.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExample:%n",
    footer = "  bin/lakestill train --recipe my.conf --set train.seeds=[1,2,3]")
final class TrainCommand extends RecipeCommand {
  @Mixin private RecipeOptions options;

  @Override
  RecipeOptions options() {
    return options;
  }

  @Override
  Set<Stage> stages() {
    return EnumSet.of(Stage.TRAIN);
  }
}
