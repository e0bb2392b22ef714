package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A loss with memory on a real cluster: two executor processes, one of which may die. */
class TwoExecutorsTest {
  private static final Pattern SUMMARY = Pattern.compile("2 files, crd ([0-9.]+) to ([0-9.]+)");
  private static final int TRY_AGAIN = 75;

  @TempDir Path folder;

  private ForkedDriver.Ended run(String... arguments) throws Exception {
    return new ForkedDriver(folder).run(ClusterTraining.class, arguments);
  }

  @Test
  void trainsWithTheMemoryOnItsExecutors() throws Exception {
    ForkedDriver.Ended ended = run("6", "0", "0");

    assertThat(ended.exit()).as(ended.output()).isZero();
    Matcher summary = SUMMARY.matcher(Files.readString(folder.resolve("done")));
    assertThat(summary.matches()).isTrue();
    assertThat(Double.parseDouble(summary.group(2)))
        .isLessThan(0.93 * Double.parseDouble(summary.group(1)));
  }

  @Test
  void afterAKilledExecutorTheTrainingGoesOnFromItsCheckpoint() throws Exception {
    ForkedDriver.Ended ended = run("600", "20", "1");

    assertThat(ended.output()).contains("killed executor: true");
    assertThat(ended.exit()).as(ended.output()).isZero();
    assertThat(ended.output())
        .contains("told: The training lost an executor or what it held, and goes on")
        .containsPattern("told: Going on after step [0-9]+[.]");
    assertThat(folder.resolve("done")).content().matches(SUMMARY);
    assertThat(folder.resolve("checkpoint/resume")).doesNotExist();
  }

  @Test
  void anExecutorThatIsLostOnceTooOftenEndsTheTrainingAndItsCheckpointIsNamed() throws Exception {
    ForkedDriver.Ended ended = run("600", "20", "0");

    assertThat(ended.output()).contains("killed executor: true");
    assertThat(ended.exit()).as(ended.output()).isEqualTo(TRY_AGAIN);
    assertThat(ended.output())
        .contains("An executor was lost", "The same command goes on from the checkpoint ");
    assertThat(folder.resolve("done")).doesNotExist();
    assertThat(folder.resolve("checkpoint/resume")).isDirectoryContaining("glob:**/step-*.json");
  }
}
