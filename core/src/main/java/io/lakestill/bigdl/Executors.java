package io.lakestill.bigdl;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.apache.spark.SparkContext;

/**
 * The executors of a running application, which a cluster starts in its own time, or never.
 *
 * @param context of the application
 */
public record Executors(SparkContext context) {
  /** The setting that says how long to wait for them, such as {@code 10min}. */
  public static final String TIMEOUT = "spark.lakestill.executors.timeout";

  private static final Duration USUAL = Duration.ofMinutes(5);
  private static final Duration QUIET = Duration.ofSeconds(2);

  /** How long the application waits for executors. */
  public Duration timeout() {
    return Duration.ofSeconds(context.getConf().getTimeAsSeconds(TIMEOUT, USUAL.toSeconds() + "s"));
  }

  /** How many there are; the driver counts as none, but in local mode as the one. */
  public int present() {
    int known = context.statusTracker().getExecutorInfos().length;
    return context.isLocal() ? known : known - 1;
  }

  /**
   * Waits until there are enough, the time is over or the application ends.
   *
   * @param told how many there are, when it takes longer than a moment
   * @return whether there are enough
   */
  public boolean await(int wanted, IntConsumer told) {
    Duration timeout = timeout();
    long start = System.nanoTime();
    boolean quiet = true;
    while (!context.isStopped()) {
      int present = present();
      Duration waited = Duration.ofNanos(System.nanoTime() - start);
      if (present >= wanted || waited.compareTo(timeout) > 0) {
        return present >= wanted;
      }
      if (quiet && waited.compareTo(QUIET) > 0) {
        told.accept(present);
        quiet = false;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
    }
    return false;
  }
}
