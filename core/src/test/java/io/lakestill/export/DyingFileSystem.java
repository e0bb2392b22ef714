package io.lakestill.export;

import java.io.IOException;
import java.net.URI;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.util.Progressable;

/**
 * The local file system as {@code dying:///}, for a process that dies: after so many changes every
 * further one fails, as if there were no caller any more.
 */
public final class DyingFileSystem extends RawLocalFileSystem {
  private static final URI NAME = URI.create("dying:///");
  private static final AtomicInteger CHANGES_LEFT = new AtomicInteger();

  /** A configuration that knows the scheme. */
  static Configuration configuration() {
    Configuration configuration = new Configuration();
    configuration.setClass("fs.dying.impl", DyingFileSystem.class, FileSystem.class);
    return configuration;
  }

  /** From here on this many changes are made, and no more. */
  static void dieAfter(int changes) {
    CHANGES_LEFT.set(changes);
  }

  static void liveOn() {
    CHANGES_LEFT.set(Integer.MAX_VALUE);
  }

  private static void change() throws IOException {
    if (CHANGES_LEFT.getAndUpdate(left -> Math.max(left - 1, 0)) == 0) {
      throw new IOException("the process is dead");
    }
  }

  @Override
  public URI getUri() {
    return NAME;
  }

  @Override
  public FSDataOutputStream create(
      Path path,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    change();
    FSDataOutputStream stream =
        super.create(path, overwrite, bufferSize, replication, blockSize, progress);
    return new FSDataOutputStream(stream, null) {
      @Override
      public void hsync() throws IOException {
        change();
        stream.hsync();
      }
    };
  }

  @Override
  public boolean rename(Path from, Path to) throws IOException {
    change();
    return super.rename(from, to);
  }

  @Override
  public boolean delete(Path path, boolean recursive) throws IOException {
    change();
    return super.delete(path, recursive);
  }
}
