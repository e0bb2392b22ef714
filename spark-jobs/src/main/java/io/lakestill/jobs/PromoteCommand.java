package io.lakestill.jobs;

import io.lakestill.export.Model;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.SparkSession;
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

  /** Null until Spark is there, whose settings know its file system. */
  private Model target;

  @Override
  RecipeOptions options() {
    return options;
  }

  @Override
  Set<Stage> stages() {
    return EnumSet.of(Stage.EVALUATE);
  }

  /** A catalogue or a name that cannot be is refused before anything is measured. */
  @Override
  Blueprint followed(Blueprint blueprint, SparkSession spark, OutputFolder output) {
    target = Catalogues.open(catalogue, spark).model(named(blueprint));
    return blueprint;
  }

  private String named(Blueprint blueprint) {
    return Optional.ofNullable(model).orElse(blueprint.recipe().name());
  }

  @Override
  void afterwards(Pipeline pipeline) {
    pipeline.promote(target);
  }
}
