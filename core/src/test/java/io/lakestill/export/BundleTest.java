package io.lakestill.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.student.Parameters;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundleTest {
  private static final Configuration CONFIGURATION = new Configuration();
  private static final Configuration DYING = DyingFileSystem.configuration();

  @TempDir Path temporary;

  @BeforeEach
  void liveOn() {
    DyingFileSystem.liveOn();
  }

  @Test
  void whatIsWrittenIsRead() {
    Bundle written = write(1);
    Bundle opened = open();
    assertThat(opened.manifest()).isEqualTo(written.manifest());
    assertThat(opened.manifest().files())
        .extracting(BundleFile::name)
        .containsExactly("notes-1.txt", "parameters.safetensors", "student.onnx");
    assertThat(opened.parameters()).isEqualTo(Parameters.initial(Bundles.GRAPH, 1));
    assertThat(opened.onnx().bytes()).isEqualTo(Bundles.files(1).get("student.onnx"));
    assertThat(opened.onnx().origin()).endsWith("student/student.onnx");
    assertThat(opened.manifest().withFiles(List.of())).isEqualTo(draft(1));
  }

  @Test
  void aNewBundleReplacesTheOldOneWhole() throws IOException {
    write(1);
    write(2);
    assertThat(names(student()))
        .containsExactlyInAnyOrder(
            "bundle.json", "notes-2.txt", "parameters.safetensors", "student.onnx");
    assertThat(names(temporary)).containsExactly("student");
    assertThat(open().manifest().provenance().seed()).isEqualTo(2);
  }

  @Test
  void aBundleThatIsNotThereIsFoundEmptyAndRefusedToOpen() throws IOException {
    assertThat(Bundle.find(folder(), CONFIGURATION)).isEmpty();
    Files.createDirectory(student());
    assertThat(Bundle.find(folder(), CONFIGURATION)).isEmpty();
    assertRefused(this::open, "There is no bundle in '" + folder() + "' (no bundle.json);");
  }

  @Test
  void aDamagedFileIsNamed() throws IOException {
    write(1);
    Path model = student().resolve("student.onnx");
    byte[] bytes = Files.readAllBytes(model);
    bytes[bytes.length / 2] ^= 1;
    overwrite(model, bytes);
    assertRefused(this::open, "student.onnx' is damaged: " + bytes.length + " bytes with SHA-256");
  }

  @Test
  void aFileCutShortIsNamed() throws IOException {
    write(1);
    overwrite(student().resolve("parameters.safetensors"), new byte[5]);
    assertRefused(this::open, "parameters.safetensors' is damaged: 5 bytes with SHA-256");
  }

  @Test
  void aMissingFileIsNamed() throws IOException {
    write(1);
    Files.delete(student().resolve("notes-1.txt"));
    assertRefused(this::open, "notes-1.txt' is missing; restore it or export the model again.");
  }

  @Test
  void damageAfterOpeningIsStillFound() throws IOException {
    Bundle bundle = write(1);
    overwrite(student().resolve("student.onnx"), new byte[3]);
    assertRefused(bundle::onnx, "student.onnx' is damaged");
    assertRefused(() -> bundle.bytes("other"), "has no file 'other'; export the model again.");
  }

  @Test
  void aDamagedBundleCanBeReplaced() throws IOException {
    write(1);
    Files.delete(student().resolve("student.onnx"));
    Files.delete(student().resolve("notes-1.txt"));
    write(2);
    assertThat(open().manifest().provenance().seed()).isEqualTo(2);
  }

  @Test
  void filesOfSomebodyElseAreNeverReplaced() throws IOException {
    write(1);
    Files.writeString(student().resolve("thesis.txt"), "three years");
    assertRefused(
        () -> write(2), "holds files that are no part of a bundle (thesis.txt); move them");
    assertThat(open().manifest().provenance().seed()).isEqualTo(1);
    assertThat(student().resolve("thesis.txt")).hasContent("three years");
    assertThat(names(temporary)).containsExactly("student");
  }

  @Test
  void aBundleWithoutItsModelIsRefused() {
    assertThatThrownBy(
            () ->
                Bundle.write(folder(), CONFIGURATION, draft(1), Map.of("model.onnx", new byte[1])))
        .hasMessage("a bundle needs its model, 'student.onnx', has [model.onnx]");
  }

  @Test
  void keepsOldOrNewBundleWholeWheneverTheWriterDies() throws IOException {
    Set<Long> survivors = new TreeSet<>();
    boolean finished = false;
    for (int changes = 0; !finished; changes++) {
      var place = dying("after-" + changes);
      Bundle.write(place, DYING, draft(1), Bundles.files(1));
      finished = !diesWriting(place, changes);

      Bundle survivor = Bundle.open(place, DYING);
      long seed = survivor.manifest().provenance().seed();
      assertThat(survivor.parameters()).isEqualTo(Parameters.initial(Bundles.GRAPH, seed));
      assertThat(survivors).as("never back to the old one").doesNotContain(seed + 1);
      survivors.add(seed);

      Bundle.write(place, DYING, draft(3), Bundles.files(3));
      assertThat(names(temporary.resolve("after-" + changes)))
          .as("after %d changes", changes)
          .containsExactly("student");
      assertThat(Bundle.open(place, DYING).manifest().provenance().seed()).isEqualTo(3);
    }
    assertThat(survivors).containsExactly(1L, 2L);
  }

  @Test
  void leavesNothingOrAWholeBundleWhenTheFirstWriterDies() {
    int found = 0;
    int changes = 0;
    while (diesWriting(dying("after-" + changes), changes)) {
      Optional<Bundle> bundle = Bundle.find(dying("after-" + changes), DYING);
      found += bundle.isPresent() ? 1 : 0;
      changes++;
    }
    assertThat(changes).isGreaterThan(8);
    assertThat(found).as("the last change deletes what is not there").isEqualTo(1);
  }

  @Test
  void anOldBundleLeftAsideNeverComesBackOverItsReplacement() throws IOException {
    boolean finished = false;
    for (int changes = 0; !finished; changes++) {
      var place = dying("after-" + changes);
      Bundle.write(place, DYING, draft(1), Bundles.files(1));
      Files.move(
          temporary.resolve("after-" + changes + "/student"),
          temporary.resolve("after-" + changes + "/.student.old"));
      Bundle.write(dying("new-" + changes), DYING, draft(3), Bundles.files(3));
      Files.move(
          temporary.resolve("new-" + changes + "/student"),
          temporary.resolve("after-" + changes + "/student"));
      finished = !diesWriting(place, changes);
      assertThat(Bundle.open(place, DYING).manifest().provenance().seed()).isIn(3L, 2L);
    }
  }

  /** What a kill in the middle of a rename leaves on an object store: both places, one in part. */
  @Test
  void partOfANewBundleNeverHidesTheOldOne() throws IOException {
    write(1);
    Files.move(student(), temporary.resolve(".student.old"));
    write("elsewhere", 2);
    Path elsewhere = temporary.resolve("elsewhere");
    Files.delete(elsewhere.resolve("student.onnx"));
    Files.move(elsewhere, student());
    assertThat(open().manifest().provenance().seed()).isEqualTo(1);
    Bundle.write(folder(), CONFIGURATION, draft(2), Bundles.files(2));
    assertThat(open().manifest().provenance().seed()).isEqualTo(2);
    assertThat(names(temporary)).containsExactly("student");
  }

  private org.apache.hadoop.fs.Path dying(String folder) {
    return new org.apache.hadoop.fs.Path("dying://" + temporary + "/" + folder + "/student");
  }

  private static boolean diesWriting(org.apache.hadoop.fs.Path place, int changes) {
    DyingFileSystem.dieAfter(changes);
    try {
      Bundle.write(place, DYING, draft(2), Bundles.files(2));
      return false;
    } catch (UncheckedIOException e) {
      assertThat(e).hasMessageContaining("Cannot write the bundle");
      assertThat(e).hasRootCauseMessage("the process is dead");
      return true;
    } finally {
      DyingFileSystem.liveOn();
    }
  }

  private static BundleManifest draft(long seed) {
    return Bundles.manifest(List.of(), seed);
  }

  private Bundle write(long seed) {
    return Bundle.write(folder(), CONFIGURATION, draft(seed), Bundles.files(seed));
  }

  private void write(String name, long seed) {
    org.apache.hadoop.fs.Path place = new org.apache.hadoop.fs.Path(temporary + "/" + name);
    Bundle.write(place, CONFIGURATION, draft(seed), Bundles.files(seed));
  }

  private Bundle open() {
    return Bundle.open(folder(), CONFIGURATION);
  }

  private Path student() {
    return temporary.resolve("student");
  }

  private org.apache.hadoop.fs.Path folder() {
    return new org.apache.hadoop.fs.Path(student().toUri());
  }

  /** As a disk or a person damages a file: beneath Hadoop's own checksums. */
  private static void overwrite(Path file, byte[] bytes) throws IOException {
    Files.deleteIfExists(file.resolveSibling("." + file.getFileName() + ".crc"));
    Files.write(file, bytes);
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> !name.endsWith(".crc"))
          .toList();
    }
  }

  private static void assertRefused(ThrowingCallable call, String message) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining(message);
  }
}
