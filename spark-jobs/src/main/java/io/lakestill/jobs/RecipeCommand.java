package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Json;
import io.lakestill.io.StoredFile;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * A command that works on a recipe: it reads and checks the recipe, starts Spark, runs its stages
 * and sums up, on standard output and in {@code <output>/<command>.json}, also when a stage failed.
 */
abstract class RecipeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  abstract RecipeOptions options();

  abstract void stages(Pipeline pipeline);

  @Override
  public final Integer call() {
    Blueprint blueprint = options().blueprint();
    Console console = Console.ofProcess();
    long start = System.nanoTime();
    ObjectNode summary = Json.object();
    summary.put("command", spec.name());
    summary.put("recipe", blueprint.recipe().name());
    try (SparkSession spark = Sessions.open(spec.name() + " " + blueprint.recipe().name())) {
      OutputFolder output = OutputFolder.of(blueprint.recipe().output(), spark);
      summary.put("output", output.root().toString());
      StageLog log = new StageLog(console);
      Pipeline pipeline = new Pipeline(spark, blueprint, output, console, log, summary);
      try {
        stages(pipeline);
        summary.put("outcome", "done");
        summary.put("exit", ExitCode.DONE.code());
      } catch (LakestillException e) {
        summary.put("outcome", "failed");
        summary.put("exit", e.exitCode().code());
        summary.put("error", e.getMessage());
        throw e;
      } finally {
        Duration spent = Duration.ofNanos(System.nanoTime() - start);
        summary.put("seconds", spent.toMillis() / 1000.0);
        summary.set("stages", log.toJson());
        write(summary, output.summary(spec.name()), spark);
      }
      console.line("Done in " + Console.shown(Duration.ofNanos(System.nanoTime() - start)) + ".");
    }
    return Lakestill.finish(summary, ExitCode.DONE);
  }

  private static void write(ObjectNode summary, Path path, SparkSession spark) {
    new StoredFile(path, spark.sessionState().newHadoopConf()).replace(Json.pretty(summary));
  }
}
