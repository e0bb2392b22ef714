package io.lakestill.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.io.FloatTensor;
import io.lakestill.objective.State;
import io.lakestill.objective.Tensor;
import io.lakestill.student.Parameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
    CheckpointManifest manifest =
        CheckpointManifestTest.sample(folder.store(parameters(seed)), Optional.empty(), List.of());
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

    assertThat(names()).containsExactlyInAnyOrder("checkpoint.json", latest.parameters().file());
  }

  private CheckpointManifest equipped(float head, float memory) {
    return CheckpointManifestTest.sample(
        folder.store(parameters(1)),
        folder.storeHeads(heads(head)),
        Stream.of(0, 1)
            .flatMap(worker -> folder.storeMemory(worker, memory(memory + worker)).stream())
            .toList());
  }

  private static Map<String, FloatTensor> heads(float value) {
    return Map.of("weight.projector/0", FloatTensor.of(List.of(1), new float[] {value}));
  }

  /** What one worker remembers. */
  private static State memory(float value) {
    State state = new State();
    state.part("2").put("state.queue", new Tensor(new int[] {1}, new float[] {value}));
    return state;
  }

  @Test
  void givesBackHeadsAndMemory() {
    CheckpointManifest manifest = equipped(1, 2);
    folder.commit(manifest);

    CheckpointManifest read = folder.required();
    assertThat(read).isEqualTo(manifest);
    assertThat(folder.heads(read)).isEqualTo(heads(1));
    State memory = folder.memory(read.memory());
    assertThat(memory.parts()).containsExactly("0", "1");
    assertThat(States.tensors(memory.part("0"))).isEqualTo(States.tensors(memory(2)));
    assertThat(States.tensors(memory.part("1"))).isEqualTo(States.tensors(memory(3)));
  }

  @Test
  void storesNoFileForNoHeadsAndNoMemory() throws IOException {
    State empty = new State();
    empty.part("0");
    CheckpointManifest manifest =
        CheckpointManifestTest.sample(
            folder.store(parameters(1)),
            folder.storeHeads(Map.of()),
            folder.storeMemory(0, empty).stream().toList());
    folder.commit(manifest);

    assertThat(names()).containsExactlyInAnyOrder("checkpoint.json", manifest.parameters().file());
    assertThat(folder.heads(manifest)).isEmpty();
    assertThat(States.hasTensors(folder.memory(manifest.memory()))).isFalse();
  }

  @Test
  void dropsOldHeadsAndMemoryOnceReplaced() throws IOException {
    folder.commit(equipped(1, 2));
    CheckpointManifest latest = equipped(3, 4);
    folder.commit(latest);

    assertThat(names())
        .containsExactlyInAnyOrder(
            "checkpoint.json",
            latest.parameters().file(),
            latest.heads().orElseThrow().file(),
            latest.memory().get(0).file(),
            latest.memory().get(1).file());
  }

  @Test
  void refusesMemoryThatIsMissingOrAnothersOnlyWhenItIsAskedFor() throws IOException {
    CheckpointManifest manifest = equipped(1, 2);
    Path file = root.resolve("checkpoint").resolve(manifest.memory().get(1).file());
    Files.write(file, States.toSafeTensors(memory(5)));
    assertThatThrownBy(() -> folder.memory(manifest.memory())).hasMessageContaining("is damaged");
    folder.requireSound(manifest);

    Files.delete(file);
    assertThatThrownBy(() -> folder.memory(manifest.memory())).hasMessageContaining("is missing");
    folder.requireSound(manifest);
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(root.resolve("checkpoint"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> !name.startsWith("."))
          .toList();
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
