package io.lakestill.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredFileTest {
  @TempDir java.nio.file.Path folder;

  private StoredFile file;

  @BeforeEach
  void name() {
    file = new StoredFile(new Path(folder.toUri().toString(), "CURRENT"), new Configuration());
  }

  @Test
  void replacesWholeContentsAndLeavesNothingBeside() throws IOException {
    assertThat(file.text()).isEmpty();
    file.replace("a longer first version");
    file.replace("second");

    assertThat(file.text()).contains("second");
    assertThat(names()).containsExactly("CURRENT");
  }

  @Test
  void readsWhatADeathBetweenContentAndChecksumLeft() throws IOException {
    hadoopWrites("first");
    Files.writeString(folder.resolve("CURRENT"), "second");

    assertThat(file.text()).contains("second");
  }

  @Test
  void replacesAFileThatHasAChecksumForReadersWithChecksums() throws IOException {
    hadoopWrites("first");
    assertThat(names()).containsExactly(".CURRENT.crc", "CURRENT");

    file.replace("second");

    assertThat(names()).containsExactly("CURRENT");
    try (FSDataInputStream in = file.fileSystem().open(file.path())) {
      assertThat(in.readAllBytes()).asString(StandardCharsets.UTF_8).isEqualTo("second");
    }
  }

  @Test
  void deletesItsPrivateFileWhenItCannotRename() throws IOException {
    Files.createDirectories(folder.resolve("CURRENT/in-the-way"));

    assertThatThrownBy(() -> file.replace("second"))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessage("Cannot write '" + file.path() + "'");
    assertThat(names()).containsExactly("CURRENT");
    assertThat(folder.resolve("CURRENT/in-the-way")).isDirectory();
  }

  private void hadoopWrites(String text) throws IOException {
    FileSystem files = file.fileSystem();
    try (FSDataOutputStream out = files.create(file.path())) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  private List<String> names() throws IOException {
    try (Stream<java.nio.file.Path> left = Files.list(folder)) {
      return left.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }
}
