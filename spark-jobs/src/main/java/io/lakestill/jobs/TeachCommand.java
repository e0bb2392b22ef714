package io.lakestill.jobs;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code teach}. */
@Command(
    name = "teach",
    description = {
      "Runs the teacher over the data and writes its signal table; trains the teacher first if"
          + " the recipe says so.",
      "What is new or changed since the last time is taught, the rest kept. Of a table that grows"
          + " by the day, whose recipe names its date column (data.date = dt), single dates can be"
          + " taught, many at once in runs of their own."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  bin/lakestill teach --recipe my.conf",
      "  bin/lakestill teach --recipe daily.conf --dt 2026-11-03",
      "  bin/lakestill teach --recipe daily.conf --from 2026-10-01 --to 2026-10-31"
    })
final class TeachCommand extends RecipeCommand {
  @Mixin private RecipeOptions options;

  @Option(
      names = "--dt",
      paramLabel = "DATE",
      description =
          "Teaches this date only. Repeatable. It does not hold the output folder, only the date"
              + " while it works on it.")
  private List<String> dates = List.of();

  @Option(
      names = "--from",
      paramLabel = "DATE",
      description = "Teaches the dates from this one on, in the order of the texts.")
  private String from;

  @Option(names = "--to", paramLabel = "DATE", description = "Teaches the dates up to this one.")
  private String to;

  @Option(
      names = "--allow-empty",
      description =
          "A date that has signals and no examples any more gets an empty slice; without it that is"
              + " refused (exit 3), since such a date is mostly mistyped. A date that was never"
              + " taught and has no examples is named and left alone.")
  private boolean emptied;

  @Override
  DateSelection dates() {
    return new DateSelection(dates, Optional.ofNullable(from), Optional.ofNullable(to), emptied);
  }

  @Override
  RecipeOptions options() {
    return options;
  }

  @Override
  Set<Stage> stages() {
    return EnumSet.of(Stage.TEACH);
  }
}
