package io.lakestill.jobs;

import io.lakestill.error.Secrets;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells OpenLineage which stage made what of what, where a site has its Spark listener. That sees
 * the tables that Spark reads; what Lakestill writes itself, no plan of Spark's has in it.
 */
final class DataFlows {
  private static final Logger LOG = LoggerFactory.getLogger(DataFlows.class);
  private static final String LISTENERS = "spark.extraListeners";
  private static final String LISTENER = "io.openlineage.spark.agent.OpenLineageSparkListener";
  private static final String RUN = "spark.openlineage.applicationRunId";

  private final String recipe;
  private final Optional<Supplier<OpenLineageEvents>> events;

  private DataFlows(String recipe, Optional<Supplier<OpenLineageEvents>> events) {
    this.recipe = recipe;
    this.events = events;
  }

  /** Of the stages of a recipe. */
  static DataFlows of(SparkSession spark, String recipe) {
    SparkConf settings = spark.sparkContext().getConf();
    return new DataFlows(
        recipe,
        listens(settings) ? Optional.of(() -> new OpenLineageEvents(settings)) : Optional.empty());
  }

  /**
   * The run that the listener will report the application as, so that the stages can be its
   * children: a setting of Spark and its value.
   */
  static Optional<Run> run(SparkConf settings) {
    return listens(settings) && !settings.contains(RUN)
        ? Optional.of(new Run(RUN, UUID.randomUUID().toString()))
        : Optional.empty();
  }

  /** A setting of Spark. */
  record Run(String key, String value) {}

  private static boolean listens(SparkConf settings) {
    return settings.get(LISTENERS, "").contains(LISTENER);
  }

  /** Tells of a stage, if it has worked; a catalogue that does not answer costs a warning. */
  <T> StageLog.Result<T> told(StageLog.Result<T> result, Supplier<DataFlow> flow) {
    if (events.isPresent() && result.outcome() == StageLog.Outcome.DONE) {
      try (OpenLineageEvents open = events.get().get()) {
        open.emit(recipe, flow.get());
      } catch (Exception e) { // Whatever it is, the stage has done its work.
        LOG.warn("event=lineage-not-told reason=\"{}\"", Secrets.redacted(e.toString()));
      }
    }
    return result;
  }
}
