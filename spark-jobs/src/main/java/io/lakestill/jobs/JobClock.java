package io.lakestill.jobs;

import io.lakestill.bigdl.JobNames;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;

/** When the jobs of each name began and ended last, the names that {@link JobNames} gives. */
final class JobClock extends SparkListener {
  private static final long PATIENCE_MILLIS = 60_000;

  private final SparkContext context;
  private final Map<Integer, String> running = new HashMap<>();
  private final Map<String, Span> spans = new HashMap<>();

  private record Span(long first, long last) {}

  private JobClock(SparkContext context) {
    this.context = context;
  }

  static JobClock of(SparkContext context) {
    JobClock clock = new JobClock(context);
    context.addSparkListener(clock);
    return clock;
  }

  @Override
  public synchronized void onJobStart(SparkListenerJobStart job) {
    String doing = job.properties().getProperty(JobNames.DOING, "");
    running.put(job.jobId(), doing);
    spans.putIfAbsent(doing, new Span(job.time(), job.time()));
  }

  @Override
  public synchronized void onJobEnd(SparkListenerJobEnd job) {
    String doing = running.remove(job.jobId());
    spans.computeIfPresent(doing, (d, span) -> new Span(span.first(), job.time()));
  }

  /** From the first to the last job whose name begins so, which it then forgets. */
  double seconds(String doing) {
    try {
      context.listenerBus().waitUntilEmpty(PATIENCE_MILLIS);
    } catch (TimeoutException e) {
      throw new IllegalStateException("Spark's events do not come", e);
    }
    synchronized (this) {
      long first = Long.MAX_VALUE;
      long last = Long.MIN_VALUE;
      for (Map.Entry<String, Span> each : spans.entrySet()) {
        if (each.getKey().startsWith(doing)) {
          first = Math.min(first, each.getValue().first());
          last = Math.max(last, each.getValue().last());
        }
      }
      spans.clear();
      if (last < first) {
        throw new IllegalStateException("no job is called '" + doing + "'");
      }
      return (last - first) / 1e3;
    }
  }
}
