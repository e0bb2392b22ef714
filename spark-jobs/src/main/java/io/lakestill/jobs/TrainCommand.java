package io.lakestill.jobs;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code train}. */
@Command(
    name = "train",
    description = "Trains the student, and the same model without a teacher, for each seed.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  bin/lakestill train --recipe my.conf --set train.seeds=[1,2,3]",
      "  bin/lakestill train --recipe daily.conf --window 30"
    })
final class TrainCommand extends RecipeCommand {
  @Mixin private RecipeOptions options;

  @Option(
      names = "--window",
      paramLabel = "N",
      description =
          "Learns from the newest N dates that all teachers have signals of; from all that"
              + " data.train-where leaves if not given.")
  private Integer window;

  @Override
  Blueprint followed(Blueprint blueprint, SparkSession spark, OutputFolder output) {
    return window == null
        ? blueprint
        : options.blueprint(
            List.of(TrainingWindow.newest(window, blueprint.recipe(), output, spark).override()));
  }

  @Override
  RecipeOptions options() {
    return options;
  }

  @Override
  Set<Stage> stages() {
    return EnumSet.of(Stage.TRAIN);
  }
}
