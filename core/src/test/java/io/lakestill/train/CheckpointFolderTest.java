package io.lakestill.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.student.Parameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointFolderTest {
  @TempDir Path root;
  private CheckpointFolder folder;

  @BeforeEach
  void open() {
    folder =
        new CheckpointFolder(
            new org.apache.hadoop.fs.Path(root.resolve("checkpoint").toUri()), new Configuration());
  }

  private static Parameters parameters(long seed) {
    return Parameters.initial(CheckpointManifestTest.GRAPH, seed);
  }

  private CheckpointManifest commit(long seed) {
    CheckpointManifest manifest = CheckpointManifestTest.sample(folder.store(parameters(seed)));
    folder.commit(manifest);
    return manifest;
  }

  @Test
  void isEmptyBeforeTheFirstTraining() {
    assertThat(folder.manifest()).isEmpty();
  }

  @Test
  void givesBackWhatWasCommitted() {
    CheckpointManifest manifest = commit(1);

    assertThat(folder.manifest()).contains(manifest);
    assertThat(folder.parameters(manifest)).isEqualTo(parameters(1));
  }

  @Test
  void keepsTheOldCheckpointWhenTheDriverDiesBeforeTheManifest() {
    CheckpointManifest old = commit(1);

    folder.store(parameters(2));

    assertThat(folder.manifest()).contains(old);
    assertThat(folder.parameters(old)).isEqualTo(parameters(1));
  }

  @Test
  void dropsOldParametersOnceReplaced() throws IOException {
    commit(1);
    folder.store(parameters(2));
    CheckpointManifest latest = commit(3);

    try (Stream<Path> files = Files.list(root.resolve("checkpoint"))) {
      List<String> names =
          files.map(file -> file.getFileName().toString()).filter(n -> !n.startsWith(".")).toList();
      assertThat(names).containsExactlyInAnyOrder("checkpoint.json", latest.parameters().file());
    }
  }

  @Test
  void refusesParametersThatAreMissingOrAnothers() throws IOException {
    CheckpointManifest manifest = commit(1);
    Path file = root.resolve("checkpoint").resolve(manifest.parameters().file());
    Files.write(file, parameters(2).toSafeTensors());
    assertRefused(manifest, "is damaged", "train again");

    Files.delete(file);
    assertRefused(manifest, "is missing", "train again");
  }

  private void assertRefused(CheckpointManifest manifest, String... messages) {
    assertThatThrownBy(() -> folder.parameters(manifest))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContainingAll(messages);
  }
}
