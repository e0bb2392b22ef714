package io.lakestill.signal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.signal.codec.Dense16;
import io.lakestill.signal.codec.Topk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredSizeTest {
  private static final int ROWS = 1000;
  private static final SignalSchema SCHEMA =
      new SignalSchema(
          List.of(
              new SignalColumn("logits", 20),
              new SignalColumn("halves", List.of(20), new Dense16()),
              new SignalColumn("kept", List.of(20), new Topk(3, List.of(1.0)))));

  @TempDir private Path folder;
  private final long seed = System.nanoTime();

  private StoredSize size() throws IOException {
    return StoredSize.of(
        SCHEMA,
        "teacher",
        rows(),
        new org.apache.hadoop.fs.Path(folder.toUri()),
        new Configuration());
  }

  private List<SignalRow> rows() {
    Random random = new Random(seed);
    float[] logits = new float[ROWS * 20];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) random.nextGaussian();
    }
    List<SignalRow> rows = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      rows.add(
          new SignalRow(
              "row-%04d".formatted(i),
              0,
              "%032x".formatted(random.nextLong()),
              OptionalInt.of(i % 20),
              new float[][] {logits, logits, logits},
              i));
    }
    return rows;
  }

  @Test
  void addsUpToTheFileThatWasWritten() throws IOException {
    StoredSize size = size();
    org.apache.hadoop.fs.Path file =
        new org.apache.hadoop.fs.Path(folder.resolve("same.parquet").toUri());
    try (SignalFileWriter writer =
        new SignalFileWriter(
            new SignalFileWriter.Contents(SCHEMA, "teacher", "0".repeat(64)),
            file,
            file.suffix(".quarantine"),
            new Configuration())) {
      for (SignalRow row : rows()) {
        writer.write(row);
      }
      SignalFile written = writer.finishSignals().orElseThrow();

      assertThat(size.rows()).isEqualTo(ROWS);
      assertThat(size.columns().values().stream().mapToLong(Long::longValue).sum() + size.rest())
          .isEqualTo(written.bytes());
      double signals =
          size.bytesPerRow("logits") + size.bytesPerRow("halves") + size.bytesPerRow("kept");
      assertThat((signals + size.ownBytesPerRow()) * ROWS + size.rest())
          .as("seed %d", seed)
          .isCloseTo(written.bytes(), within(1e-3));
    }
  }

  @Test
  void saysWhatEachSignalTakes() throws IOException {
    StoredSize size = size();

    assertThat(size.bytesPerRow("logits")).as("seed %d", seed).isBetween(65.0, 82.0);
    assertThat(size.bytesPerRow("halves")).as("seed %d", seed).isBetween(30.0, 42.0);
    assertThat(size.bytesPerRow("kept"))
        .as("seed %d", seed)
        .isEqualTo(
            size.bytesPerRow("kept.ranks_1_3") + size.bytesPerRow("kept.log_sum_exp"),
            within(1e-9));
    assertThatThrownBy(() -> size.bytesPerRow("log"))
        .hasMessageContaining("no column is named 'log'");
  }

  @Test
  void leavesNothingBehind() throws IOException {
    size();

    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).isEmpty();
    }
  }
}
