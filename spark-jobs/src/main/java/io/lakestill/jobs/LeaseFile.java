package io.lakestill.jobs;

import io.lakestill.error.LakestillException;
import io.lakestill.io.StoredFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of a lease: created by one run only, prolonged by a line break at its end, which nobody
 * sees half of, and taken away only by who has seen that it is the one that was meant.
 *
 * @param files where it lies, without Hadoop's checksums: those would be a second file to create
 * @param path the file
 */
record LeaseFile(FileSystem files, Path path) {
  private static final Logger LOG = LoggerFactory.getLogger(LeaseFile.class);

  /** What an ended run may leave beside leases; no lease begins so. */
  private static final String CLOCK = ".lakestill-clock-";

  private static final String TAKEN = ".lakestill-taken-";
  private static final int READS = 5;
  private static final long READ_AGAIN_MILLIS = 100;

  static LeaseFile of(Path path, Configuration configuration) throws IOException {
    FileSystem given = path.getFileSystem(configuration);
    return new LeaseFile(given instanceof LocalFileSystem local ? local.getRaw() : given, path);
  }

  /**
   * What lies there.
   *
   * @param text its bytes; empty when there is no such file
   * @param holder empty also when the text is no lease: a run may be creating it just now
   */
  record Seen(Optional<String> text, Optional<LeaseHolder> holder) {
    private static final Seen NOTHING = new Seen(Optional.empty(), Optional.empty());

    boolean isGone() {
      return text.isEmpty();
    }

    boolean isOf(LeaseHolder other) {
      return holder.map(LeaseHolder::run).equals(Optional.of(other.run()));
    }
  }

  /** False when there is one already. */
  boolean create(String text) throws IOException {
    return StoredFile.create(files, path, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Looks again for a while when it is no lease. */
  Seen read() throws IOException {
    return read(path);
  }

  private Seen read(Path from) throws IOException {
    String text = "";
    for (int k = 0; k < READS; k++) {
      try (InputStream in = files.open(from)) {
        text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        return new Seen(
            Optional.of(text), Optional.of(LeaseHolder.fromJson(text, path.toString())));
      } catch (FileNotFoundException e) {
        return Seen.NOTHING;
      } catch (LakestillException e) {
        pause();
      }
    }
    return new Seen(Optional.of(text), Optional.empty());
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(READ_AGAIN_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Makes it young again. Never creates it, but on object stores, which cannot append.
   *
   * @param text the whole of it, for those
   * @throws FileNotFoundException when it is gone
   */
  void prolong(String text) throws IOException {
    byte[] more = {'\n'};
    if (files.getUri().getScheme().equals("file")) {
      try {
        Files.write(java.nio.file.Path.of(path.toUri().getPath()), more, StandardOpenOption.APPEND);
        return;
      } catch (NoSuchFileException e) {
        throw new FileNotFoundException(e.getMessage());
      }
    }
    try (OutputStream out = files.append(path)) {
      out.write(more);
    } catch (UnsupportedOperationException e) {
      try (OutputStream out = files.create(path, true)) {
        out.write(text.getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  /**
   * Milliseconds since it was last written, by the file system's own clock: those of two machines
   * may be minutes apart. Empty when it is gone.
   */
  OptionalLong age() throws IOException {
    Path clock = beside(CLOCK);
    try {
      long now = now(clock);
      return OptionalLong.of(now - files.getFileStatus(path).getModificationTime());
    } catch (FileNotFoundException e) {
      return OptionalLong.empty();
    } finally {
      files.delete(clock, false);
    }
  }

  private long now(Path clock) throws IOException {
    files.create(clock, false).close();
    return files.getFileStatus(clock).getModificationTime();
  }

  private Path beside(String prefix) {
    return new Path(path.getParent(), prefix + UUID.randomUUID());
  }

  /**
   * Takes it away if it still is what was seen. It is moved aside first and looked at there, since
   * between a look and a delete another run can have put its own in the place; that one is put
   * back.
   *
   * @return false when it was another one, or gone
   */
  boolean takeAway(Seen seen) throws IOException {
    if (seen.isGone() || !read().equals(seen)) {
      return false;
    }
    Path aside = beside(TAKEN);
    try {
      if (!files.rename(path, aside)) {
        return false;
      }
    } catch (FileNotFoundException e) {
      return false;
    }
    Seen taken = read(aside);
    boolean same = taken.equals(seen);
    if (!same && !taken.isGone()) {
      // Where a third run was quicker, the one that had it finds that it has lost it.
      create(taken.text().orElseThrow());
    }
    files.delete(aside, false);
    return same;
  }

  /** Removes what runs that were killed left beside leases. */
  void sweep(Duration older) throws IOException {
    if (!files.exists(path.getParent())) {
      return;
    }
    Path clock = beside(CLOCK);
    try {
      long now = now(clock);
      for (FileStatus status : files.listStatus(path.getParent())) {
        String name = status.getPath().getName();
        if ((name.startsWith(CLOCK) || name.startsWith(TAKEN))
            && now - status.getModificationTime() > older.toMillis()) {
          files.delete(status.getPath(), false);
          LOG.info("event=lease-leftover-removed file={}", status.getPath());
        }
      }
    } finally {
      files.delete(clock, false);
    }
  }
}
