package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.ExitCode;
import io.lakestill.export.Bundle;
import io.lakestill.io.Json;
import io.lakestill.recipe.TableSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code predict}. */
@Command(
    name = "predict",
    description = {
      "Scores a table with a bundle.",
      "The result is Parquet: the kept columns, prediction, prediction_index, confidence, logits,"
          + " and problem, which says why a row could not be scored (its prediction is null then)."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExample:%n",
    footer =
        "  bin/lakestill predict --bundle out/quickstart/student"
            + " --input conf/quickstart/digits.parquet --where \"split = 'test'\" --to out/scored"
            + " --keep sample_id --keep label")
final class PredictCommand implements Callable<Integer> {
  @Option(
      names = "--bundle",
      required = true,
      paramLabel = "DIR",
      description = "The folder of the bundle.")
  private String bundle;

  @Option(
      names = "--input",
      required = true,
      paramLabel = "PATH",
      description = "The Parquet table to score; it needs the feature columns the bundle names.")
  private String input;

  @Option(
      names = "--where",
      paramLabel = "SQL",
      description = "Scores only the rows for which this holds.")
  private String where;

  @Option(
      names = "--to",
      required = true,
      paramLabel = "DIR",
      description = "Where to write; must not exist yet.")
  private String target;

  @Option(
      names = "--keep",
      paramLabel = "COLUMN",
      description = "A column to carry over; all but the feature columns if not given. Repeatable.")
  private List<String> keep = new ArrayList<>();

  @Override
  public Integer call() {
    Console console = Console.ofProcess();
    ObjectNode summary = Json.object();
    try (SparkSession spark = Sessions.open("predict " + input)) {
      Bundle opened = Bundle.open(new Path(bundle), spark.sessionState().newHadoopConf());
      TableSettings table = new TableSettings(input, Optional.ofNullable(where));
      PredictJob.Outcome outcome =
          new PredictJob(opened, table, keep, new Path(target))
              .run(spark, progress -> console.progress("  " + progress));
      console.line(
          "Scored %,d rows into %s; %,d could not be scored, see column problem."
              .formatted(outcome.rows(), target, outcome.problems()));
      summary
          .put("command", "predict")
          .put("outcome", "done")
          .put("exit", ExitCode.DONE.code())
          .put("rows", outcome.rows())
          .put("problems", outcome.problems())
          .put("output", target);
    }
    return Lakestill.finish(summary, ExitCode.DONE);
  }
}
