package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A loss with memory on a real cluster: two executor processes, one of which may die. */
class TwoExecutorsTest {
  private static final Pattern SUMMARY = Pattern.compile("2 files, crd ([0-9.]+) to ([0-9.]+)");
  private static final int TRY_AGAIN = 75;

  @TempDir Path folder;

  private Process driver;

  @AfterEach
  void endDriver() {
    if (driver != null && driver.isAlive()) {
      driver.descendants().forEach(ProcessHandle::destroyForcibly);
      driver.destroyForcibly();
    }
  }

  /** Starts the driver and waits for it; Spark launches executors from a folder with jars. */
  private String run(String... arguments) throws IOException, InterruptedException {
    Files.createDirectories(folder.resolve("spark/jars"));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> option.startsWith("--add-opens"))
        .forEach(command::add);
    command.add("-Xmx1g");
    command.add(ClusterTraining.class.getName());
    command.add(folder.toString());
    command.addAll(List.of(arguments));
    File log = folder.resolve("driver.log").toFile();
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log);
    builder
        .environment()
        .putAll(
            Map.of(
                "CLASSPATH",
                System.getProperty("java.class.path"),
                "SPARK_HOME",
                folder.resolve("spark").toString(),
                "SPARK_SCALA_VERSION",
                "2.12",
                "SPARK_LOCAL_IP",
                "127.0.0.1"));
    driver = builder.start();
    boolean ended = driver.waitFor(4, TimeUnit.MINUTES);
    String output = Files.readString(log.toPath());
    assertThat(ended).as(output).isTrue();
    return output;
  }

  @Test
  void trainsWithTheMemoryOnItsExecutors() throws Exception {
    String output = run("6", "0", "0");

    assertThat(driver.exitValue()).as(output).isZero();
    Matcher summary = SUMMARY.matcher(Files.readString(folder.resolve("done")));
    assertThat(summary.matches()).isTrue();
    assertThat(Double.parseDouble(summary.group(2)))
        .isLessThan(0.93 * Double.parseDouble(summary.group(1)));
  }

  @Test
  void afterAKilledExecutorTheTrainingGoesOnFromItsCheckpoint() throws Exception {
    String output = run("600", "20", "1");

    assertThat(output).contains("killed executor: true");
    assertThat(driver.exitValue()).as(output).isZero();
    assertThat(output)
        .contains("told: The training lost an executor or what it held, and goes on")
        .containsPattern("told: Going on after step [0-9]+[.]");
    assertThat(folder.resolve("done")).content().matches(SUMMARY);
    assertThat(folder.resolve("checkpoint/resume")).doesNotExist();
  }

  @Test
  void anExecutorThatIsLostOnceTooOftenEndsTheTrainingAndItsCheckpointIsNamed() throws Exception {
    String output = run("600", "20", "0");

    assertThat(output).contains("killed executor: true");
    assertThat(driver.exitValue()).as(output).isEqualTo(TRY_AGAIN);
    assertThat(output)
        .contains("An executor was lost", "The same command goes on from the checkpoint ");
    assertThat(folder.resolve("done")).doesNotExist();
    assertThat(folder.resolve("checkpoint/resume")).isDirectoryContaining("glob:**/step-*.json");
  }
}
