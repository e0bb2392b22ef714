package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code doctor} where the driver is the only executor; {@link YarnIT} has others. */
class DoctorCommandTest {
  @TempDir private Path folder;

  @BeforeAll
  static void chooseMaster() {
    System.setProperty("spark.master", "local[2]");
    System.setProperty("spark.ui.enabled", "false");
  }

  @AfterAll
  static void forgetMaster() {
    System.clearProperty("spark.master");
    System.clearProperty("spark.ui.enabled");
  }

  @Test
  void saysWhatItFoundAndLeavesNothingBehind() {
    CommandLineRun run =
        CommandLineRun.of("doctor", "--output", folder.resolve("not/yet/there").toString());

    assertThat(run.exit()).as(run.err()).isZero();
    assertThat(run.err()).contains("driver on ", "Java 1", "Nothing stands in the way.");
    JsonNode machine = run.summary().get("machines").get(0);
    assertThat(machine.get("heap_bytes").asLong()).isEqualTo(Runtime.getRuntime().maxMemory());
    assertThat(machine.get("free_bytes").asLong()).isPositive();
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void namesAFolderThatCannotBeWritten() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");

    CommandLineRun run = CommandLineRun.of("doctor", "--output", file.resolve("out").toString());

    assertThat(run.exit()).as(run.err()).isEqualTo(2);
    assertThat(run.err())
        .contains("1 fault of this cluster", "driver on ", " cannot write to '" + file);
    assertThat(run.summary().get("faults")).hasSize(1);
  }

  @Test
  void namesALibraryThatIsOnTheClassPathInTwoVersions() throws IOException {
    Path other = folder.resolve("site/ai/onnxruntime/OrtEnvironment.class");
    Files.createDirectories(other.getParent());
    Files.write(other, new byte[] {1, 2, 3});
    URL[] more = {folder.resolve("site").toUri().toURL()};
    Thread thread = Thread.currentThread();
    ClassLoader usual = thread.getContextClassLoader();
    try (URLClassLoader site = new URLClassLoader(more, usual)) {
      thread.setContextClassLoader(site);

      CommandLineRun run = CommandLineRun.of("doctor");

      assertThat(run.exit()).as(run.err()).isEqualTo(2);
      assertThat(run.err())
          .contains("finds ONNX Runtime in two versions: ", folder.resolve("site").toString());
    } finally {
      thread.setContextClassLoader(usual);
    }
  }
}
