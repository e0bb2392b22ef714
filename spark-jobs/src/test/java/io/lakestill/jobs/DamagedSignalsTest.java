package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.recipe.ModelRole;
import io.lakestill.signal.SignalTable;
import io.lakestill.train.TrainingProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A training never learns from signals that are not what the teacher wrote. */
class DamagedSignalsTest {
  @TempDir private Path folder;

  private SignalTable table;
  private Path file;

  @BeforeEach
  void teach() throws IOException {
    table = Digits.sound(folder.resolve("signals")).commit(3);
    file = folder.resolve("signals/v=1/part-00001.parquet");
    // As on an object store: only Parquet's own checksums are left to notice.
    Files.delete(file.resolveSibling("." + file.getFileName() + ".crc"));
  }

  /** In the pages of the keys, the labels and the logits. */
  @ParameterizedTest
  @ValueSource(doubles = {0.01, 0.3, 0.5, 0.8})
  void refusesAFlippedBitInAPageAndNamesTheFile(double place) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[(int) (place * bytes.length)] ^= 16;
    Files.write(file, bytes);

    assertRefused("/v=1/part-00001.parquet' has other bytes than were written: SHA-256 ");
  }

  @Test
  void refusesAFooterThatWasReplaced() throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    Arrays.fill(bytes, bytes.length - 300, bytes.length - 200, (byte) 0);
    Files.write(file, bytes);

    assertRefused("/v=1/part-00001.parquet' ");
  }

  @Test
  void refusesAFileThatNobodyWrote() throws IOException {
    Files.copy(file, file.resolveSibling("part-00007.parquet"));

    assertRefused("/v=1/part-00007.parquet' is in no manifest; remove it, or run bin/lakestill gc");
  }

  @Test
  void refusesAMissingFile() throws IOException {
    Files.delete(file);

    assertRefused("/v=1/part-00001.parquet' is missing, its manifest says ");
  }

  private void assertRefused(String message) {
    Blueprint blueprint = Digits.blueprint(Digits.DISTILLED, "train.epochs=1");
    TrainJob job =
        new TrainJob(
            blueprint.recipe().data(),
            blueprint.features(),
            blueprint.student(),
            ModelRole.STUDENT,
            1,
            List.of(new SignalSource(table, blueprint.features())),
            new org.apache.hadoop.fs.Path(folder.resolve("checkpoint").toUri()),
            new org.apache.hadoop.fs.Path(folder.resolve("tensorboard").toUri()));

    assertThatThrownBy(() -> job.run(Digits.spark(), TrainingProgress.silent()))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining(message);
    assertThat(folder.resolve("checkpoint")).doesNotExist();
  }
}
