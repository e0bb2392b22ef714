package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ArrayNode;
import io.lakestill.bigdl.JobNames;
import io.lakestill.io.StoredFile;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import scala.Option;

/**
 * A command that works on a recipe: it reads and checks the recipe, starts Spark, takes the output
 * folder, refuses what cannot end well, runs its stages and sums up, on standard output and in
 * {@link OutputFolder#summary}, whatever became of it.
 */
abstract class RecipeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  private final Console console = Console.ofProcess();
  private final StageLog log = new StageLog(console);
  private final String runId = UUID.randomUUID().toString();
  private final long start = System.nanoTime();

  abstract RecipeOptions options();

  /** What it runs. */
  abstract Set<Stage> stages();

  /** Which dates it teaches, where the examples have dates. */
  DateSelection dates() {
    return DateSelection.ALL;
  }

  /** What it does when its stages are done. */
  void afterwards(Pipeline pipeline) {}

  /** The blueprint that its stages follow: of the recipe, or of a part of its examples. */
  Blueprint followed(Blueprint blueprint, SparkSession spark, OutputFolder output) {
    return blueprint;
  }

  @Override
  public final Integer call() {
    Blueprint blueprint = options().blueprint();
    dates().requireFor(blueprint.recipe().data());
    RunSummary summary = new RunSummary(spec.name());
    summary.json().put("recipe", blueprint.recipe().name());
    ArrayNode experimental = summary.json().putArray("experimental");
    blueprint.experimental().forEach(experimental::add);
    try (SparkSession spark = Sessions.open(spec.name() + " " + blueprint.recipe().name())) {
      OutputFolder output = OutputFolder.of(blueprint.recipe().output(), spark);
      summary.json().put("output", output.root().toString());
      run(spark, followed(blueprint, spark, output), output, summary);
    } catch (Throwable e) { // Whatever it is, a scheduler gets a summary and an exit code.
      summary.failed(e);
    }
    summary.timed(log, spent());
    return summary.finish();
  }

  /**
   * Only the run that holds the folder writes there, also its summary. A run for single dates holds
   * those one after the other, and not the folder, so that there can be many.
   */
  private void run(
      SparkSession spark, Blueprint blueprint, OutputFolder output, RunSummary summary) {
    Configuration configuration = spark.sessionState().newHadoopConf();
    Preflight preflight = new Preflight(spark, blueprint, output, console);
    Faults faults = new Faults();
    faults.gather(preflight::refuseLocalOutput);
    Optional<RunLease> lease =
        dates().isAll() && faults.isEmpty()
            ? faults.gather(() -> takeOutput(spark, output, configuration))
            : Optional.empty();
    try {
      new JobNames(spark.sparkContext()).stage("preflight");
      preflight.check(stages(), faults);
      Runnable still = () -> lease.ifPresent(RunLease::requireHeld);
      Pipeline pipeline =
          new Pipeline(
              spark, blueprint, output, console, log, summary.json(), runId, dates(), still);
      for (Stage stage : stages()) {
        lease.ifPresent(RunLease::requireHeld);
        pipeline.run(stage);
      }
      afterwards(pipeline);
      lease.ifPresent(RunLease::requireHeld);
      summary.done();
      console.line("Done in " + Console.shown(spent()) + ".");
    } catch (Throwable e) { // As above; the summary is written before the folder is given back.
      summary.failed(e);
    } finally {
      summary.timed(log, spent());
      if (dates().isAll()
          ? lease.filter(RunLease::isHeld).isPresent()
          : !summary.isHeldByOther() || summary.json().has(Pipeline.TAUGHT)) {
        summary.write(
            new StoredFile(output.summary(spec.name(), stages(), dates()), configuration));
      }
      lease.ifPresent(RunLease::close);
    }
  }

  /**
   * Where a resource manager starts a driver again whose machine has died, what that one held looks
   * alive for a while: there it is waited for, not refused.
   */
  private RunLease takeOutput(
      SparkSession spark, OutputFolder output, Configuration configuration) {
    Leased leased = Leased.output(output);
    return isAnotherAttempt(spark.sparkContext())
        ? RunLease.await(leased, runId, configuration, console, RunLease.EXPIRY.multipliedBy(2))
        : RunLease.take(leased, runId, configuration, console);
  }

  private static boolean isAnotherAttempt(SparkContext context) {
    Option<String> attempt = context.applicationAttemptId();
    return attempt.isDefined() && !attempt.get().equals("1");
  }

  private Duration spent() {
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
