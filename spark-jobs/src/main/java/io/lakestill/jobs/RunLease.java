package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.ShutdownHookManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right of one run to something, such as to write below an output folder: a file, {@code
 * .lakestill-run} there, created by one run only, written anew every ten seconds, deleted at the
 * end. A holder whose process is gone from this machine, or that has not written for a minute by
 * the file system's own clock, is dead, and the next run takes over.
 *
 * <p>Creating is exclusive on local disks and HDFS. Object stores may let two runs that start in
 * the same instant both create; the one whose file was overwritten notices when it next writes.
 */
final class RunLease implements AutoCloseable {
  static final String FILE = ".lakestill-run";
  static final Duration REFRESH = Duration.ofSeconds(10);
  static final Duration EXPIRY = Duration.ofSeconds(60);

  private static final Logger LOG = LoggerFactory.getLogger(RunLease.class);
  private static final int READS = 5;
  private static final long READ_AGAIN_MILLIS = 100;
  private static final int TAKEOVERS = 3;
  private static final long POLL_MILLIS = 200;

  /** After Spark has stopped its work, and before Hadoop closes its file systems. */
  private static final int RELEASE_PRIORITY = FileSystem.SHUTDOWN_HOOK_PRIORITY + 10;

  private final FileSystem files;
  private final Leased leased;
  private final Path file;
  private final LeaseHolder holder;
  private final ScheduledExecutorService refresher =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "lakestill-lease");
            thread.setDaemon(true);
            return thread;
          });
  private final Runnable atExit = this::release;
  private ScheduledFuture<?> refreshing;
  private volatile boolean lost;
  private volatile boolean released;

  private RunLease(FileSystem files, Leased leased, LeaseHolder holder) {
    this.files = files;
    this.leased = leased;
    this.file = leased.file();
    this.holder = holder;
  }

  /**
   * Takes it; the folder of its lease is made if need be.
   *
   * @param runId names the run to others
   * @param console hears of a takeover
   * @throws LakestillException (exit 5) when a living run holds it, (exit 2) when this user cannot
   *     write there, (exit 75) when its file system does not answer
   */
  static RunLease take(Leased leased, String runId, Configuration conf, Console console) {
    return take(leased, runId, conf, console, REFRESH);
  }

  static RunLease take(
      Leased leased, String runId, Configuration conf, Console console, Duration refresh) {
    try {
      RunLease lease = of(leased, runId, conf);
      Path folder = leased.file().getParent();
      if (!lease.files.mkdirs(folder)) {
        throw new IOException("Mkdirs failed to create " + folder);
      }
      lease.take(console);
      long millis = refresh.toMillis();
      lease.refreshing =
          lease.refresher.scheduleWithFixedDelay(
              lease::refresh, millis, millis, TimeUnit.MILLISECONDS);
      lease.releaseAtExit();
      return lease;
    } catch (IOException e) {
      throw StorageFaults.worded(leased.name() + " cannot be written", e);
    }
  }

  private void releaseAtExit() {
    try {
      ShutdownHookManager.get().addShutdownHook(atExit, RELEASE_PRIORITY);
    } catch (IllegalStateException e) {
      release(); // This process is ending already.
      throw e;
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
  static boolean isTaken(Leased leased, String runId, Configuration conf) {
    try {
      RunLease lease = of(leased, runId, conf);
      return lease.files.exists(leased.file()) && !lease.isDead(lease.read());
    } catch (IOException e) {
      throw StorageFaults.worded(leased.name() + " cannot be read", e);
    }
  }

  private static RunLease of(Leased leased, String runId, Configuration conf) throws IOException {
    // Hadoop's checksum files would be a second file to create, and so not exclusive.
    FileSystem given = leased.file().getFileSystem(conf);
    FileSystem files = given instanceof LocalFileSystem local ? local.getRaw() : given;
    return new RunLease(files, leased, LeaseHolder.here(runId));
  }

  private void take(Console console) throws IOException {
    for (int attempt = 0; !create(); attempt++) {
      if (attempt < TAKEOVERS && !files.exists(file)) {
        continue; // Released meanwhile.
      }
      Optional<LeaseHolder> other = read();
      if (attempt == TAKEOVERS || !isDead(other)) {
        throw held(other, "a run that starts");
      }
      if (read().equals(other)) {
        console.line(
            "Taking over %s from %s, which ended without releasing it."
                .formatted(
                    leased.name().substring(0, 1).toLowerCase(Locale.ROOT)
                        + leased.name().substring(1),
                    other.map(LeaseHolder::toString).orElse("a run without name")));
        files.delete(file, false);
      }
    }
  }

  private LakestillException held(Optional<LeaseHolder> other, String nameless) {
    String by = other.map(LeaseHolder::toString).orElse(nameless);
    return Errors.held(leased.name(), by, leased.otherwise());
  }

  /** False when there is a lease already. */
  private boolean create() throws IOException {
    byte[] bytes = holder.toJson().getBytes(StandardCharsets.UTF_8);
    if (files.getUri().getScheme().equals("file")) {
      try {
        Files.write(
            java.nio.file.Path.of(file.toUri().getPath()), bytes, StandardOpenOption.CREATE_NEW);
        return true;
      } catch (FileAlreadyExistsException e) {
        return false;
      }
    }
    try (OutputStream out = files.create(file, false)) {
      out.write(bytes);
      return true;
    } catch (IOException e) {
      if (files.exists(file)) {
        return false;
      }
      throw e;
    }
  }

  private boolean isDead(Optional<LeaseHolder> other) throws IOException {
    if (other.isPresent() && other.get().isDead()) {
      return true;
    }
    // Both times are the file system's: clocks of two machines may be minutes apart.
    Path clock = file.suffix("." + holder.run());
    try {
      files.create(clock, true).close();
      long age =
          files.getFileStatus(clock).getModificationTime()
              - files.getFileStatus(file).getModificationTime();
      return age > EXPIRY.toMillis();
    } catch (FileNotFoundException e) {
      return true; // Released meanwhile.
    } finally {
      files.delete(clock, false);
    }
  }

  /** Empty when there is none, or none that can be read: its run may be writing it just now. */
  private Optional<LeaseHolder> read() throws IOException {
    for (int k = 0; k < READS; k++) {
      try (InputStream in = files.open(file)) {
        String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        return Optional.of(LeaseHolder.fromJson(text, file.toString()));
      } catch (FileNotFoundException e) {
        return Optional.empty();
      } catch (LakestillException e) {
        pause(READ_AGAIN_MILLIS);
      }
    }
    return Optional.empty();
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
      if (isOurs()) {
        try (OutputStream out = files.create(file, true)) {
          out.write(holder.toJson().getBytes(StandardCharsets.UTF_8));
        }
      }
    } catch (IOException | RuntimeException e) {
      LOG.warn("event=lease-not-refreshed file={} reason=\"{}\"", file, e.toString());
    }
  }

  private boolean isOurs() throws IOException {
    Optional<LeaseHolder> current = read();
    if (current.isPresent() && !current.get().run().equals(holder.run())) {
      lost = true;
    }
    return !lost;
  }

  /**
   * @throws LakestillException (exit 5) when another run has taken over, because this one was
   *     stopped for longer than a minute
   */
  void requireHeld() {
    try {
      if (!isOurs()) {
        throw held(read(), "another run");
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read '" + file + "'", e);
    }
  }

  /** False when it is given back, another run has taken over, or it cannot be told. */
  boolean isHeld() {
    try {
      return !released && isOurs();
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
    if (!ShutdownHookManager.get().isShutdownInProgress()) {
      ShutdownHookManager.get().removeShutdownHook(atExit);
    }
    release();
  }

  private synchronized void release() {
    if (released) {
      return; // By the end of the process, or before it.
    }
    released = true;
    refreshing.cancel(false);
    refresher.shutdown();
    try {
      refresher.awaitTermination(REFRESH.toSeconds(), TimeUnit.SECONDS);
      if (isOurs()) {
        files.delete(file, false);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException e) {
      LOG.warn("event=lease-not-released file={} reason=\"{}\"", file, e.toString());
    }
  }
}
