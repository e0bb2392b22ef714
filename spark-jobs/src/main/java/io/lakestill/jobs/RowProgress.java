package io.lakestill.jobs;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.util.LongAccumulator;
import scala.collection.JavaConverters;

/**
 * Counts the rows of a Spark stage while it runs. Ended tasks are in the accumulator; what running
 * tasks have done comes with the heartbeats of their executors.
 */
final class RowProgress implements AutoCloseable {
  private static final long PERIOD_SECONDS = 2;

  private final SparkContext spark;
  private final LongAccumulator rows;
  private final Map<Long, Long> running = new ConcurrentHashMap<>();
  private final Heartbeats heartbeats = new Heartbeats();
  private final ScheduledExecutorService clock;
  private final ScheduledFuture<?> ticking;
  private final String stage;
  private final long total;
  private final ProgressListener listener;
  private final long start = System.nanoTime();

  RowProgress(SparkContext spark, String stage, long total, ProgressListener listener) {
    this.spark = spark;
    this.stage = stage;
    this.total = total;
    this.listener = listener;
    this.rows = spark.longAccumulator("rows: " + stage);
    spark.addSparkListener(heartbeats);
    this.clock =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "lakestill-progress");
              thread.setDaemon(true);
              return thread;
            });
    this.ticking =
        clock.scheduleAtFixedRate(this::report, PERIOD_SECONDS, PERIOD_SECONDS, TimeUnit.SECONDS);
  }

  /** What tasks add their rows to. */
  LongAccumulator rows() {
    return rows;
  }

  private void report() {
    long ended = rows.value();
    long inFlight = running.values().stream().mapToLong(Long::longValue).sum();
    double seconds = (System.nanoTime() - start) / 1e9;
    listener.progressed(new Progress(stage, Math.min(total, ended + inFlight), total, seconds));
  }

  /** Reports once more and stops. */
  @Override
  public void close() {
    ticking.cancel(false);
    clock.shutdown();
    spark.removeSparkListener(heartbeats);
    running.clear();
    report();
  }

  private final class Heartbeats extends SparkListener {
    @Override
    public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
      for (var task : JavaConverters.seqAsJavaList(update.accumUpdates())) {
        long taskId = (Long) task._1();
        for (AccumulableInfo value : JavaConverters.seqAsJavaList(task._4())) {
          if (value.id() == rows.id() && value.update().isDefined()) {
            running.put(taskId, ((Number) value.update().get()).longValue());
          }
        }
      }
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd end) {
      running.remove(end.taskInfo().taskId());
    }
  }
}
