package io.lakestill.jobs;

import io.lakestill.signal.SignalTable;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code inspect}. */
@Command(
    name = "inspect",
    description = {
      "Shows the current version of a signal table: its versions and teacher, rows and sizes, what"
          + " the signals are and how they are stored, how often the teacher agrees with the"
          + " labels, how sure it is, and a few rows.",
      "The last line is all of it as one JSON object."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExample:%n",
    footer = "  bin/lakestill inspect --table out/quickstart/signals/teacher")
final class InspectCommand implements Callable<Integer> {
  @Mixin private TableOptions table;

  @Option(
      names = "--rows",
      paramLabel = "N",
      defaultValue = "5",
      description = "How many rows to show; ${DEFAULT-VALUE} if not given.")
  private int rows;

  @Option(names = "--json", description = "Prints the JSON only.")
  private boolean json;

  @Override
  public Integer call() {
    RunSummary summary = new RunSummary("inspect");
    try (SparkSession spark = Sessions.open("inspect")) {
      SignalTable opened = table.open(spark);
      SignalVersion version = new SignalVersion(opened, TableOptions.current(opened));
      opened.checkFiles(version.manifest());
      new TableInspection(version, rows).into(spark, summary.json());
      summary.done();
      if (!json) {
        TablePage.lines(summary.json()).forEach(System.out::println);
      }
    } catch (Exception e) { // Spark's Scala throws checked exceptions that it does not declare.
      summary.failed(SparkFailures.worded(e, "inspect"));
    }
    return summary.finish();
  }
}
