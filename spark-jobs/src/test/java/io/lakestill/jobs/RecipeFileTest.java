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
  void filesOfOneNameAreCalledByTheirPaths() throws IOException {
    String base = Files.writeString(folder.resolve("a.conf"), "name = a").toString();
    String one = write("one/r.conf", "name = one");
    String two = write("two/r.conf", "name = two");

    List<RecipeFile> files = RecipeFile.read(List.of(base, one, two));

    assertThat(files).extracting(RecipeFile::name).containsExactly("a.conf", one, two);
    assertThat(files)
        .extracting(file -> file.layer().text())
        .containsExactly("name = a", "name = one", "name = two");
    assertThat(files.get(2).layer().folder()).isEqualTo(folder.resolve("two").toString());
  }

  /** In cluster mode, both names could find the one file that was shipped. */
  @Test
  void refusesOneFileTwice() throws IOException {
    String file = write("r.conf", "name = r");

    assertThatThrownBy(() -> RecipeFile.read(List.of(file, file)))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessageContaining("--recipe '%s' and --recipe '%s' are the same file", file, file);
    assertThatThrownBy(() -> RecipeFile.read(List.of("/nowhere/pom.xml", "/elsewhere/pom.xml")))
        .hasMessageContaining("are the same file, 'pom.xml' in");
  }

  private String write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text).toString();
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
