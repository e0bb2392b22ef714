package io.lakestill.jobs;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * The local disk once more, as {@code kdtest:///}, where what a test has ordered goes wrong, in
 * whatever process; see {@link StorageFault}.
 */
final class FaultyFileSystem extends RawLocalFileSystem {
  static final String SCHEME = "kdtest";
  private static final URI ROOT = URI.create(SCHEME + ":///");
  private static final int FIRST_BYTES = 1024;

  @Override
  public URI getUri() {
    return ROOT;
  }

  @Override
  public String getScheme() {
    return SCHEME;
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
    meet(StorageFault.Event.CREATE, path);
    claim(path, overwrite);
    return faulty(path, super.create(path, true, bufferSize, replication, blockSize, progress));
  }

  @Override
  public FSDataOutputStream create(
      Path path,
      FsPermission permission,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    meet(StorageFault.Event.CREATE, path);
    claim(path, overwrite);
    return faulty(
        path, super.create(path, permission, true, bufferSize, replication, blockSize, progress));
  }

  /** Of several that create a file at the same time one does, as on HDFS. */
  private void claim(Path path, boolean overwrite) throws IOException {
    if (!overwrite) {
      mkdirs(path.getParent());
      Files.createFile(pathToFile(path).toPath());
    }
  }

  @Override
  public boolean rename(Path from, Path to) throws IOException {
    if (meet(StorageFault.Event.RENAME, to)) {
      return false;
    }
    boolean renamed = super.rename(from, to);
    meet(StorageFault.Event.RENAMED, to);
    return renamed;
  }

  private boolean meet(StorageFault.Event event, Path path) throws IOException {
    return StorageFault.refuses(getConf(), event, path.toUri().getPath());
  }

  private FSDataOutputStream faulty(Path path, FSDataOutputStream out) throws IOException {
    return new FSDataOutputStream(new FaultyStream(path, out), null);
  }

  private final class FaultyStream extends FilterOutputStream {
    private final Path path;
    private long bytes;
    private boolean closed;

    private FaultyStream(Path path, OutputStream out) {
      super(out);
      this.path = path;
    }

    @Override
    public void write(int value) throws IOException {
      count(1);
      out.write(value);
    }

    @Override
    public void write(byte[] buffer, int offset, int length) throws IOException {
      count(length);
      out.write(buffer, offset, length);
    }

    private void count(int more) throws IOException {
      boolean before = bytes <= FIRST_BYTES;
      bytes += more;
      if (before && bytes > FIRST_BYTES) {
        meet(StorageFault.Event.WRITE, path);
      }
    }

    @Override
    public void close() throws IOException {
      if (!closed) {
        closed = true;
        out.close();
        meet(StorageFault.Event.CLOSE, path);
      }
    }
  }
}
