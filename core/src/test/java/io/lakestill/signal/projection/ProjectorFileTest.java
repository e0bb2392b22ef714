package io.lakestill.signal.projection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.io.FloatTensor;
import io.lakestill.io.SafeTensors;
import io.lakestill.io.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProjectorFileTest {
  @TempDir private Path folder;
  private final Projector projector = RandomProjection.of(21, 11, 3);

  @Test
  void whatIsReadProjectsAsWhatWasWritten() {
    ProjectorFile file = write();

    assertThat(file.path().getName()).isEqualTo("projector-" + file.sha256() + ".safetensors");
    assertThat(ProjectorFile.NAME.matcher(file.path().getName()).matches()).isTrue();
    assertThat(file.fault()).isEmpty();
    Projector read = file.read();
    assertThat(read.from()).isEqualTo(21);
    assertThat(read.to()).isEqualTo(11);
    Random random = new Random(1);
    float[] row = new float[30];
    for (int i = 0; i < row.length; i++) {
      row[i] = (float) random.nextGaussian();
    }
    float[] one = new float[14];
    float[] other = new float[14];
    projector.apply(row, 4, one, 2);
    read.apply(row, 4, other, 2);
    assertThat(other).isEqualTo(one);
    assertThat(one).startsWith(0, 0).endsWith(0);
    assertThat(one[2]).isNotZero();
    assertThat(one[12]).as("the last of eleven, after a block of eight").isNotZero();
    assertThat(write().path()).isEqualTo(file.path());
  }

  @Test
  void refusesAFileOfOtherBytes() throws IOException {
    ProjectorFile file = write();
    Path path = folder.resolve(file.path().getName());
    byte[] bytes = Files.readAllBytes(path);
    bytes[bytes.length - 1] ^= 1;
    Files.write(path, bytes);

    assertThat(file.fault()).isPresent();
    assertRefused(
        file::read,
        "Projector '%s' is damaged: its SHA-256 is %s; restore it, or teach again."
            .formatted(file.path(), Sha256.of(bytes)));
    assertRefused(file::requireSound, file.refusal(file.fault().orElseThrow()));
  }

  @Test
  void refusesAFileThatIsGone() throws IOException {
    ProjectorFile file = write();
    Files.delete(folder.resolve(file.path().getName()));

    assertRefused(
        file::read,
        "Projector '%s' is missing; restore it, or teach again.".formatted(file.path()));
  }

  @Test
  void refusesOtherTensors() {
    FloatTensor mean = FloatTensor.of(List.of(3), new float[3]);
    FloatTensor matrix = FloatTensor.of(List.of(3, 2), new float[6]);
    assertNoProjector(Map.of("matrix", matrix), "it has tensors [matrix]");
    assertNoProjector(
        Map.of("matrix", mean, "mean", mean), "its matrix is of [3], its mean of [3]");
    assertNoProjector(
        Map.of("matrix", matrix, "mean", FloatTensor.of(List.of(2), new float[2])),
        "a projector of [3, 2] has 6 numbers and a mean of 2");
    assertNoProjector(
        Map.of("matrix", FloatTensor.of(List.of(2, 3), new float[6]), "mean", mean),
        "2 values are not narrowed to 3");
  }

  private static void assertNoProjector(Map<String, FloatTensor> tensors, String why) {
    byte[] file = SafeTensors.write(tensors);
    assertRefused(
        () -> Projector.fromSafeTensors(file, "p"),
        "'p' is no projector: %s; restore it, or teach again.".formatted(why));
  }

  private static void assertRefused(ThrowingCallable read, String message) {
    assertThatThrownBy(read)
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessage(message);
  }

  private ProjectorFile write() {
    return ProjectorFile.write(
        projector, new org.apache.hadoop.fs.Path(folder.toString()), new Configuration());
  }
}
