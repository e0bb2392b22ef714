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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the preflight says that a training takes, and what trainings took. */
class MemoryEstimateTest {
  private static final int PATIENCE_MINUTES = 10;
  private static final Pattern LEAST = Pattern.compile("needs a heap of at least ([0-9,]+) MiB");

  /** More than Spark refuses by itself, and less than the student below. */
  private static final String TOO_SMALL = "480m";

  private static final String RECIPE =
      """
      name = wide
      output = unused
      data {
        train = "%s"
        train-where = "split = 'train'"
        validation = ${data.train}
        validation-where = "split = 'valid'"
        test = ${data.train}
        test-where = "split = 'test'"
        classes = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
        features { columns = [pixels], shape = [1, 8, 8], scale = 0.0625 }
      }
      student { architecture = mlp, hidden = [1800, 1800] }
      train {
        objectives = [{ type = cross-entropy }]
        epochs = 2
        batch = 128
        checkpoint { seconds = 0 }
      }
      """;

  @TempDir Path folder;

  private final List<Process> drivers = new ArrayList<>();
  private Path log;

  @AfterEach
  void endDrivers() {
    ForkedJvms.end(drivers.toArray(Process[]::new));
  }

  /** With Java's own collector, whose heap is in memory from the start. */
  private int run(String cores, String heap, List<String> arguments) throws Exception {
    Path here = Files.createDirectory(folder.resolve("run" + drivers.size()));
    log = here.resolve("driver.log");
    ForkedJvms jvms =
        ForkedJvms.in(here)
            .with(List.of("-XX:TieredStopAtLevel=1", "-Xms" + heap, "-XX:+AlwaysPreTouch"));
    Files.createDirectory(jvms.scratch());
    Process driver = jvms.lakestill("local[" + cores + "]", log, heap, List.of(), arguments);
    drivers.add(driver);
    assertThat(driver.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES)).as(this::log).isTrue();
    return driver.exitValue();
  }

  private String log() {
    return ForkedJvms.end(log);
  }

  @Test
  void aTrainingTakesNoMoreThanEstimatedAndNotMuchLess() throws Exception {
    String bench =
        "bench student --architecture cnn --engine onednn --batch 256 --rows 512 --epochs 2";

    assertThat(run("2", "512m", List.of(bench.split(" ")))).as(this::log).isZero();

    String last = ForkedJvms.text(log).lines().filter(line -> line.startsWith("{")).toList().get(0);
    JsonNode summary = Json.parse(last, "the log");
    long heap = bytes(summary, "peak_heap");
    long trained = heap - bytes(summary, "idle_heap");
    long estimated = bytes(summary, "estimated_heap");
    assertThat(estimated).isGreaterThan(heap);
    assertThat(estimated - TrainingMemory.SPARK).isLessThan(trained * 3 / 2);
    long outside = bytes(summary, "peak_memory") - bytes(summary, "heap_limit");
    assertThat(bytes(summary, "estimated_outside")).isBetween(outside, 2 * outside);
  }

  private static long bytes(JsonNode summary, String what) {
    return summary.required(what + "_bytes").asLong();
  }

  @Test
  void aHeapOfTheEstimateIsEnoughAndASmallerOneIsRefused() throws Exception {
    assertThat(train(TOO_SMALL)).as(this::log).isEqualTo(2);
    String refused = ForkedJvms.text(log);
    assertThat(refused).contains("that of this JVM (spark.driver.memory) is 480 MiB");
    assertThat(refused).doesNotContain("train student, seed 1");
    Matcher least = LEAST.matcher(refused);
    assertThat(least.find()).as(refused).isTrue();

    assertThat(train(least.group(1).replace(",", "") + "m")).as(this::log).isZero();
  }

  private int train(String heap) throws Exception {
    return run(
        "2",
        heap,
        List.of("train", "--recipe", recipe(), "--output", folder.resolve("out").toString()));
  }

  private String recipe() throws IOException {
    Path digits = Path.of("../conf/quickstart/digits.parquet").toAbsolutePath().normalize();
    return Files.writeString(folder.resolve("wide.conf"), RECIPE.formatted(digits)).toString();
  }
}
