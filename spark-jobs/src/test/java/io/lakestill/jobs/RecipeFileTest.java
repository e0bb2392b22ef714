package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Needs no Spark session: a recipe is read before there is one. */
class RecipeFileTest {
  @TempDir Path folder;

  private final List<String> settings = new ArrayList<>();

  @AfterEach
  void forgetSettings() {
    settings.forEach(System::clearProperty);
  }

  /** As spark-submit gives what stands behind {@code --conf} to the driver. */
  private void conf(String key, String value) {
    settings.add(key);
    System.setProperty(key, value);
  }

  @Test
  void readsAPathWithoutASchemeOnThisMachineWhateverTheDefaultFileSystem() throws IOException {
    Path file = Files.writeString(folder.resolve("r.conf"), "name = here");
    conf("spark.hadoop.fs.defaultFS", "hdfs://127.0.0.1:1");

    RecipeFile read = RecipeFile.read(file.toString());

    assertThat(read.text()).isEqualTo("name = here");
    assertThat(read.name()).isEqualTo("r.conf");
    // Spelled out: Spark would look for the bare path on the default file system.
    assertThat(read.folder()).isEqualTo("file:" + folder);
  }

  @Test
  void findsWhatFilesPutIntoTheWorkingFolder() {
    assertThat(RecipeFile.read("/no/such/folder/pom.xml").text()).contains("<project");
  }

  @Test
  void keepsTheFolderAsItWasGiven() {
    assertThat(RecipeFile.read("../conf/recipes/quickstart.conf").folder())
        .isEqualTo("../conf/recipes");
  }

  @Test
  void saysWhereItLooked() {
    assertThatThrownBy(() -> RecipeFile.read("/no/such/recipe.conf"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessage(
            "No recipe at '/no/such/recipe.conf' (looked for 'file:/no/such/recipe.conf' and"
                + " 'file:%s/recipe.conf'); give --recipe the path of a HOCON file.",
            Path.of("").toAbsolutePath());
  }

  @Test
  void fileSystemThatDoesNotAnswerIsAPassingFault() throws IOException {
    conf("spark.hadoop.ipc.client.connect.max.retries", "0");
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }

    assertThatThrownBy(() -> RecipeFile.read("hdfs://127.0.0.1:" + port + "/r.conf"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.TRY_AGAIN))
        .hasMessageContaining("/r.conf' cannot be read")
        .hasMessageContaining("Connection refused")
        .hasMessageContaining("try again");
  }

  @Test
  void knowsTheFileSystemsThatConfNames() {
    conf("spark.hadoop.fs.lake.impl", "org.example.LakeFileSystem");

    assertThatThrownBy(() -> RecipeFile.read("lake://bucket/r.conf"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessageContaining("org.example.LakeFileSystem not found")
        .hasMessageContaining("--packages");
  }

  @Test
  void refusesAnUnknownSchemeAndATextThatIsNoPath() {
    for (String odd : new String[] {"nothing://bucket/r.conf", "", ":", "a:b"}) {
      assertThatThrownBy(() -> RecipeFile.read(odd))
          .as(odd)
          .isInstanceOfSatisfying(
              LakestillException.class,
              e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
          .hasMessageContaining("'" + odd + "'");
    }
  }
}
