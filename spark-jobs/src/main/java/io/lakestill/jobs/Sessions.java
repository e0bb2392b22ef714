package io.lakestill.jobs;

import io.lakestill.bigdl.Executors;
import io.lakestill.bigdl.JobNames;
import io.lakestill.error.LakestillException;
import io.lakestill.error.TrainingErrors;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/** Where Spark is started; everything about the cluster's shape is left to Spark's own settings. */
final class Sessions {
  private static final String PLUGINS = "spark.plugins";

  private Sessions() {}

  /**
   * @param application what Spark's pages call it, such as {@code teach fashion-mnist}
   * @throws LakestillException (exit 75) when the cluster starts no executor in time: Spark itself
   *     would wait for ever
   */
  static SparkSession open(String application) {
    SparkConf given = new SparkConf();
    SparkSession.Builder builder =
        SparkSession.builder()
            .appName("lakestill " + application)
            .config(PLUGINS, withOwn(given.get(PLUGINS, "")));
    DataFlows.run(given).ifPresent(run -> builder.config(run.key(), run.value()));
    SparkSession spark = builder.getOrCreate();
    GivenSecrets.remember(spark);
    new JobNames(spark.sparkContext()).stage(application);
    if (!spark.sparkContext().isLocal()) {
      try {
        requireExecutor(spark.sparkContext());
      } catch (RuntimeException e) {
        spark.stop();
        throw e;
      }
    }
    return spark;
  }

  /** The plugins that a site has, and ours. */
  private static String withOwn(String plugins) {
    String own = LakestillPlugin.class.getName();
    return plugins.isBlank() || plugins.contains(own) ? own : plugins + "," + own;
  }

  /** A task that does nothing; where executors come and go, one comes for it. */
  private static void requireExecutor(SparkContext context) {
    new JobNames(context).now("wait for an executor");
    Duration timeout = new Executors(context).timeout();
    JavaFutureAction<Long> task =
        JavaSparkContext.fromSparkContext(context).parallelize(List.of(1), 1).countAsync();
    try {
      task.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      task.cancel(true);
      throw TrainingErrors.executorsMissing("an executor", 0, timeout, Executors.TIMEOUT);
    } catch (ExecutionException e) {
      throw SparkFailures.worded(e, "start");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while waiting for an executor", e);
    }
  }
}
