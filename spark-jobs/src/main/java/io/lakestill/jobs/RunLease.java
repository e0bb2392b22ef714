package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.ShutdownHookManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right of one run to something, such as to write below an output folder: a file, {@code
 * .lakestill-run} there, created by one run only, prolonged every ten seconds, deleted at the end.
 * Who finds it gone has lost it, and never makes it again. A holder whose process is gone from this
 * machine, or that has not written for a minute by the file system's own clock, is dead, and the
 * next run takes over.
 *
 * <p>Creating is exclusive on local disks and HDFS. Object stores may let two runs that start in
 * the same instant both create; the one whose file was overwritten notices when it next looks.
 */
final class RunLease implements AutoCloseable {
  static final String FILE = ".lakestill-run";
  static final Duration REFRESH = Duration.ofSeconds(10);
  static final Duration EXPIRY = Duration.ofSeconds(60);

  private static final Logger LOG = LoggerFactory.getLogger(RunLease.class);
  private static final int TAKEOVERS = 3;

  /** Of a lease that many runs have for an instant each, one may be gone each time. */
  private static final int ATTEMPTS = 20;

  private static final long POLL_MILLIS = 200;

  /** After Spark has stopped its work, and before Hadoop closes its file systems. */
  private static final int RELEASE_PRIORITY = FileSystem.SHUTDOWN_HOOK_PRIORITY + 10;

  private final Leased leased;
  private final LeaseFile file;
  private final LeaseHolder holder;
  private final ScheduledExecutorService refresher =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "lakestill-lease");
            thread.setDaemon(true);
            return thread;
          });
  private final Runnable atExit = this::release;

  /** Of the refresher alone, once that runs. */
  private int prolonged;

  /** Null until it is taken. */
  private ScheduledFuture<?> refreshing;

  private volatile boolean lost;
  private volatile boolean released;

  private RunLease(LeaseFile file, Leased leased, LeaseHolder holder) {
    this.file = file;
    this.leased = leased;
    this.holder = holder;
  }

  /**
   * Takes it; the folder of its lease is made if need be.
   *
   * @param runId names the run to others
   * @param console hears of a takeover
   * @throws LakestillException (exit 5) when a living run holds it, (exit 2) when this user cannot
   *     write there, (exit 75) when its file system does not answer, or this process is told to end
   */
  static RunLease take(Leased leased, String runId, Configuration conf, Console console) {
    return take(leased, runId, conf, console, REFRESH);
  }

  static RunLease take(
      Leased leased, String runId, Configuration conf, Console console, Duration refresh) {
    try {
      LeaseFile file = LeaseFile.of(leased.file(), conf);
      RunLease lease = new RunLease(file, leased, LeaseHolder.here(runId));
      Path folder = leased.file().getParent();
      if (!file.files().mkdirs(folder)) {
        throw new IOException("Mkdirs failed to create " + folder);
      }
      lease.releaseAtExit();
      try {
        lease.take(console, refresh);
        return lease;
      } catch (IOException | RuntimeException e) {
        lease.close();
        throw e;
      }
    } catch (IOException e) {
      throw StorageFaults.worded(leased.name() + " cannot be written", e);
    }
  }

  /** Before it is taken: what is taken while the process ends would be left behind. */
  private void releaseAtExit() {
    try {
      ShutdownHookManager.get().addShutdownHook(atExit, RELEASE_PRIORITY);
    } catch (IllegalStateException e) {
      throw Errors.ending(leased.name());
    }
  }

  /**
   * As {@link #take}, of something that runs have for an instant only: waits for the one that has
   * it.
   *
   * @param patience how long
   * @throws LakestillException (exit 5) when it is held for longer
   */
  static RunLease await(
      Leased leased, String runId, Configuration conf, Console console, Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    while (true) {
      try {
        return take(leased, runId, conf, console);
      } catch (LakestillException e) {
        if (e.exitCode() != ExitCode.HELD
            || System.nanoTime() > end
            || Thread.currentThread().isInterrupted()) {
          throw e;
        }
        // Not all at once: many may wait.
        pause(POLL_MILLIS + ThreadLocalRandom.current().nextLong(POLL_MILLIS));
      }
    }
  }

  /** True when a living run has it. */
  static boolean isTaken(Leased leased, Configuration conf) {
    try {
      LeaseFile file = LeaseFile.of(leased.file(), conf);
      LeaseFile.Seen seen = file.read();
      return !seen.isGone() && !isDead(file, seen);
    } catch (IOException e) {
      throw StorageFaults.worded(leased.name() + " cannot be read", e);
    }
  }

  /** The end of the process waits for it, or comes first; then nothing is taken. */
  private synchronized void take(Console console, Duration refresh) throws IOException {
    if (released) {
      throw Errors.ending(leased.name());
    }
    create(console);
    long millis = refresh.toMillis();
    refreshing =
        refresher.scheduleWithFixedDelay(this::refresh, millis, millis, TimeUnit.MILLISECONDS);
  }

  private void create(Console console) throws IOException {
    int takeovers = 0;
    for (int attempt = 0; !file.create(text()); attempt++) {
      LeaseFile.Seen other = file.read();
      if (other.isGone() && attempt < ATTEMPTS) {
        continue; // Released meanwhile.
      }
      if (takeovers == TAKEOVERS || attempt >= ATTEMPTS || !isDead(file, other)) {
        throw held(other);
      }
      if (file.takeAway(other)) {
        takeovers++;
        console.line(
            "Taking over %s from %s, which ended without releasing it."
                .formatted(
                    leased.name().substring(0, 1).toLowerCase(Locale.ROOT)
                        + leased.name().substring(1),
                    other.holder().map(LeaseHolder::toString).orElse("a run without name")));
      }
    }
  }

  private LakestillException held(LeaseFile.Seen other) {
    String by = other.holder().map(LeaseHolder::toString).orElse("a run that starts");
    return Errors.held(leased.name(), by, leased.otherwise());
  }

  /** False also of one that is gone. */
  private static boolean isDead(LeaseFile file, LeaseFile.Seen other) throws IOException {
    if (other.holder().filter(LeaseHolder::isDead).isPresent()) {
      return true;
    }
    OptionalLong age = file.age();
    return age.isPresent() && age.getAsLong() > EXPIRY.toMillis();
  }

  private String text() {
    return holder.toJson() + "\n".repeat(prolonged);
  }

  private static void pause(long millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void refresh() {
    try {
      if (look().isPresent()) {
        prolonged++;
        file.prolong(text());
      }
    } catch (FileNotFoundException e) {
      lost = true;
    } catch (IOException | RuntimeException e) {
      LOG.warn("event=lease-not-refreshed file={} reason=\"{}\"", file.path(), e.toString());
    }
  }

  /**
   * The lease when it is this run's; empty when it is lost, for good: gone, or another run's.
   *
   * @throws IOException when it cannot be told, such as when what is there is no lease
   */
  private Optional<LeaseFile.Seen> look() throws IOException {
    if (lost) {
      return Optional.empty();
    }
    LeaseFile.Seen seen = file.read();
    if (!seen.isGone() && seen.holder().isEmpty()) {
      throw new IOException("'%s' holds no lease".formatted(file.path()));
    }
    lost = !seen.isOf(holder);
    return lost ? Optional.empty() : Optional.of(seen);
  }

  /**
   * @throws LakestillException (exit 5) when another run has taken over, because this one was
   *     stopped for longer than a minute, or it is given back since this process ends
   */
  void requireHeld() {
    try {
      if (released) {
        throw Errors.leaseLost(leased.name(), "was given back, since this process ends");
      }
      if (look().isEmpty()) {
        Optional<LeaseHolder> other = file.read().holder();
        throw other.isPresent() && !other.get().equals(holder)
            ? Errors.held(leased.name(), other.get().toString(), leased.otherwise())
            : Errors.leaseLost(
                leased.name(),
                "was taken over by another run, since this one stood still for longer than "
                    + EXPIRY.toSeconds()
                    + " seconds");
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read '" + file.path() + "'", e);
    }
  }

  /**
   * Does something that only the holder may do, and is not given back meanwhile, also when this
   * process is told to end.
   *
   * @throws LakestillException (exit 5) as {@link #requireHeld}; then nothing is done
   */
  synchronized void whileHeld(Runnable step) {
    requireHeld();
    step.run();
  }

  /** False when it is given back, another run has taken over, or it cannot be told. */
  boolean isHeld() {
    try {
      return !released && look().isPresent();
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Gives the folder back, as the end of the process does by itself, but for kill -9; a fault is
   * logged, since the file dies with this process anyway.
   */
  @Override
  public void close() {
    release();
    try {
      ShutdownHookManager.get().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      LOG.debug("event=lease-released-at-exit file={}", file.path()); // The hook finds it done.
    }
  }

  private synchronized void release() {
    if (released) {
      return; // By the end of the process, or before it.
    }
    released = true;
    refresher.shutdown();
    if (refreshing == null) {
      return;
    }
    refreshing.cancel(false);
    try {
      refresher.awaitTermination(REFRESH.toSeconds(), TimeUnit.SECONDS);
      Optional<LeaseFile.Seen> ours = look();
      if (ours.isPresent()) {
        file.takeAway(ours.get());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException e) {
      LOG.warn("event=lease-not-released file={} reason=\"{}\"", file.path(), e.toString());
    }
  }
}
