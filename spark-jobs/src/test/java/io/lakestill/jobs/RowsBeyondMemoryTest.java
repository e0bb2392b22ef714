package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakestill.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trainings, as processes of their own, on more rows than there is memory, or disk. */
class RowsBeyondMemoryTest {
  private static final long PATIENCE_MINUTES = 10;

  /** Bytes of a row of the MLP: 784 pixels, a label and ten logits. */
  private static final long ROW = 4 * (784 + 1 + 10);

  @TempDir Path folder;

  private final List<Process> drivers = new ArrayList<>();
  private Path log;

  @AfterEach
  void endDrivers() {
    ForkedJvms.end(drivers.toArray(Process[]::new));
  }

  private ForkedJvms jvms() throws IOException {
    ForkedJvms jvms = ForkedJvms.in(Files.createDirectory(folder.resolve("jvm")));
    Files.createDirectory(jvms.scratch());
    return jvms;
  }

  private void bench(ForkedJvms jvms, int exit, String heap, List<String> settings, int rows)
      throws IOException, InterruptedException {
    log = folder.resolve("driver.log");
    List<String> arguments =
        List.of(
            "bench student --architecture mlp --batch 1024 --epochs 2 --memory 40m --rows %d"
                .formatted(rows)
                .split(" "));
    Process driver = jvms.lakestill("local[2]", log, heap, settings, arguments);
    drivers.add(driver);
    assertThat(driver.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES)).as(this::log).isTrue();
    assertThat(driver.exitValue()).as(this::log).isEqualTo(exit);
  }

  private String log() {
    return ForkedJvms.end(log);
  }

  @Test
  void moreRowsThanTheWholeHeapTrain() throws Exception {
    int rows = 65_536;
    long heap = 192L << 20;
    assertThat(rows * ROW).isGreaterThan(heap);
    // Spark wants 450 MiB of its driver unless it is told what it has.
    List<String> small =
        List.of("spark.testing.memory=" + heap, "spark.testing.reservedMemory=" + (64 << 20));

    bench(jvms(), 0, (heap >> 20) + "m", small, rows);

    String last = ForkedJvms.text(log).lines().filter(line -> line.startsWith("{")).toList().get(0);
    JsonNode summary = Json.parse(last, "the log");
    long inMemory = summary.required("rows_in_memory_bytes").asLong();
    assertThat(inMemory).isPositive().isLessThanOrEqualTo(40 << 20);
    assertThat(inMemory + summary.required("rows_on_disk_bytes").asLong())
        .isEqualTo((rows + 1024) * ROW);
  }

  @Test
  void aFullDiskIsNamedWithTheKeysToChange() throws Exception {
    ForkedJvms jvms = jvms();

    bench(jvms.within(ScratchDiskTest.small(jvms.scratch())), 75, "1g", List.of(), 40_000);

    assertThat(log())
        .contains("exceed train.memory cannot be written to '" + jvms.scratch())
        .containsAnyOf(": No space left on device. Give", ": File too large. Give")
        .contains("spark.local.dir")
        .contains("raise train.memory and --executor-memory");
  }
}
