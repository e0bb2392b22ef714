package io.lakestill.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@link StoredFile} where a file appears when it is closed, and a rename is not atomic. */
class ObjectStoreFileTest {
  @TempDir java.nio.file.Path folder;

  private final Configuration configuration = new Configuration();
  private StoredFile file;

  @BeforeEach
  void name() {
    configuration.setClass("fs.bucket.impl", Bucket.class, Bucket.class);
    configuration.setBoolean("fs.bucket.impl.disable.cache", true);
    file = new StoredFile(new Path("bucket://" + folder, "CURRENT"), configuration);
  }

  @Test
  void replacesWholeContentsAndLeavesNothingBeside() throws IOException {
    file.replace("a longer first version");
    file.replace("second");

    assertThat(file.text()).contains("second");
    assertThat(names()).containsExactly("CURRENT");
  }

  @Test
  void theOldBytesStayWhenTheNewOnesDoNotArrive() throws IOException {
    file.replace("first");
    configuration.setBoolean(Bucket.LOSES, true);

    assertThatThrownBy(() -> file.replace("second"))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessage("Cannot write '" + file.path() + "'");
    assertThat(file.text()).contains("first");
    assertThat(names()).containsExactly("CURRENT");
  }

  private List<String> names() throws IOException {
    try (Stream<java.nio.file.Path> left = Files.list(folder)) {
      return left.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  /** Hadoop gives it no FileContext, and it renames nothing. */
  static final class Bucket extends RawLocalFileSystem {
    static final String LOSES = "fs.bucket.loses";

    @Override
    public URI getUri() {
      return URI.create("bucket:///");
    }

    @Override
    public boolean rename(Path from, Path to) throws IOException {
      throw new IOException("no rename");
    }

    @Override
    public boolean delete(Path path, boolean recursive) throws IOException {
      throw new IOException("no delete");
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
      return upload(path);
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
      return upload(path);
    }

    private FSDataOutputStream upload(Path path) throws IOException {
      return new FSDataOutputStream(new Upload(pathToFile(path).toPath()), null);
    }

    private final class Upload extends OutputStream {
      private final java.nio.file.Path to;
      private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

      private Upload(java.nio.file.Path to) {
        this.to = to;
      }

      @Override
      public void write(int value) {
        bytes.write(value);
      }

      @Override
      public void close() throws IOException {
        if (getConf().getBoolean(LOSES, false)) {
          throw new IOException("connection reset");
        }
        Files.write(to, bytes.toByteArray());
      }
    }
  }
}
