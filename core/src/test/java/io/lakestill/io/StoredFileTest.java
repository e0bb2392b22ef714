package io.lakestill.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredFileTest {
  @TempDir java.nio.file.Path folder;

  @Test
  void replacesWholeContentsAndLeavesNothingBeside() throws IOException {
    StoredFile file =
        new StoredFile(new Path(folder.toUri().toString(), "CURRENT"), new Configuration());

    assertThat(file.text()).isEmpty();
    file.replace("a longer first version");
    file.replace("second");

    assertThat(file.text()).contains("second");
    try (Stream<java.nio.file.Path> left = Files.list(folder)) {
      List<String> names =
          left.map(path -> path.getFileName().toString())
              .filter(name -> !name.endsWith(".crc"))
              .toList();
      assertThat(names).containsExactly("CURRENT");
    }
  }
}
