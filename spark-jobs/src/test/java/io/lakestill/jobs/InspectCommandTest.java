package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a person sees of a signal table. */
class InspectCommandTest {
  @TempDir private Path folder;

  @BeforeAll
  static void chooseMaster() {
    System.setProperty("spark.master", "local[2]");
    System.setProperty("spark.ui.enabled", "false");
  }

  @AfterAll
  static void forgetMaster() {
    System.clearProperty("spark.master");
    System.clearProperty("spark.ui.enabled");
  }

  private void teach() throws IOException {
    SyntheticSignals signals = new SyntheticSignals(folder, 1, 5);
    for (int i = 0; i < 40; i++) {
      signals.say("row-%02d".formatted(i), 0, "hash-" + i, i % 4);
    }
    signals.quarantine("bad", 0).commit(2);
  }

  @Test
  void showsWhatAPersonWantsToSee() throws IOException {
    teach();

    CommandLineRun run = CommandLineRun.of("inspect", "--table", folder.toString(), "--rows", "2");

    assertThat(run.exit()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("signal table file:" + folder)
        .contains("  version 1 (current): 40 rows in 2 files, written 2026-01-01T00:00:00Z")
        .contains("  teacher 'synthetic', SHA-256 0")
        .contains("  40 rows, 0 dead rows beside them, 1 in quarantine")
        .contains("  1 view(s) of each training example, seed 5")
        .containsPattern(" bytes in 2 files, [0-9,.]+ bytes a row")
        .containsPattern("logits +\\[10] +dense32")
        .containsPattern("  3 +10 +10")
        .containsPattern("  9 +0 +0")
        .contains("label and argmax agree in 100.00 % of 40 labelled rows")
        .containsPattern("quantiles +0 % +5 % +25 % +50 % +75 % +95 % +100 %")
        .containsPattern("row-00 +0  0 +0 +[0-9.]+ +[0-9.]+")
        .containsPattern("row-01 +0  1 +1 ")
        .doesNotContain("row-02");
  }

  @Test
  void givesTheSameAsJson() throws IOException {
    teach();

    CommandLineRun run = CommandLineRun.of("inspect", "--table", folder.toString(), "--json");

    assertThat(run.exit()).as(run.err()).isZero();
    assertThat(run.out().lines()).hasSize(1);
    JsonNode json = run.summary();
    assertThat(json.path("rows").asInt()).isEqualTo(40);
    assertThat(json.path("versions")).hasSize(1);
    assertThat(json.path("classes")).hasSize(10);
    assertThat(json.path("classes").get(2).path("labels").asInt()).isEqualTo(10);
    assertThat(json.path("label_agreement").asDouble()).isEqualTo(1);
    assertThat(json.path("entropy").path("p0").asDouble())
        .isLessThan(json.path("entropy").path("p100").asDouble());
    assertThat(json.path("margin").path("p50").asDouble()).isCloseTo(0.99, within(0.05));
    assertThat(json.path("examples")).hasSize(5);
    assertThat(json.path("signals").get(0).path("codec").path("type").asText())
        .isEqualTo("dense32");
  }

  @Test
  void saysThatThereIsNoTable() {
    CommandLineRun run = CommandLineRun.of("inspect", "--table", folder.toString());

    assertThat(run.exit()).isEqualTo(3);
    assertThat(run.err()).contains("There is no signal table at '", "or run teach.");
  }
}
