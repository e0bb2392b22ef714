package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a cluster cannot give is said in time: two workers of one core and 1,200 MiB each. */
class ClusterPreflightIT {
  private static final int BAD_RECIPE = 2;
  private static final int TRY_AGAIN = 75;
  private static final String TIMEOUT = "spark.lakestill.executors.timeout=";

  @TempDir static Path shared;

  private static StandaloneCluster cluster;

  @TempDir Path folder;

  private final List<Process> drivers = new ArrayList<>();

  @BeforeAll
  static void startCluster() throws IOException {
    cluster = StandaloneCluster.start(Files.createDirectory(shared.resolve("cluster")));
  }

  @AfterAll
  static void endCluster() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @AfterEach
  void endDrivers() {
    ForkedJvms.end(drivers.toArray(Process[]::new));
  }

  /**
   * @param settings of Spark, which win over the cluster's
   */
  private void assertTrainEnds(int exit, List<String> settings, String... words) throws Exception {
    Path log = folder.resolve("log");
    Path recipe = Files.writeString(folder.resolve("recipe.conf"), recipe());
    List<String> all = new ArrayList<>(List.of("spark.scheduler.minRegisteredResourcesRatio=0"));
    all.addAll(settings);
    List<String> train =
        List.of(
            "train", "--recipe", recipe.toString(), "--output", folder.resolve("out").toString());
    Process driver = cluster.lakestill(log, all, train);
    drivers.add(driver);

    assertThat(driver.waitFor(10, TimeUnit.MINUTES)).as("it ended").isTrue();
    assertThat(driver.exitValue()).as(ForkedJvms.end(log)).isEqualTo(exit);
    assertThat(log).content().contains(words);
  }

  private static String recipe() {
    return """
    name = none
    output = unused
    data {
      train = "%s"
      train-where = "split = 'train'"
      validation = ${data.train}
      validation-where = "split = 'valid'"
      test = ${data.train}
      test-where = "split = 'test'"
      classes = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
      features { columns = [pixels], shape = [1, 8, 8] }
    }
    student { architecture = mlp, hidden = [8] }
    train { objectives = [{ type = cross-entropy }], epochs = 1, batch = 60 }
    """
        .formatted(Path.of("../conf/quickstart/digits.parquet").toAbsolutePath().normalize());
  }

  @Test
  void noMachineHasRoomForAnExecutor() throws Exception {
    assertTrainEnds(
        TRY_AGAIN,
        List.of(TIMEOUT + "4s", "spark.executor.memory=4g"),
        "The run needs an executor, and none came within 4 s.",
        "--conf spark.lakestill.executors.timeout=10min waits longer");
  }

  @Test
  void someOfTheExecutorsNeverCome() throws Exception {
    assertTrainEnds(
        TRY_AGAIN,
        List.of(TIMEOUT + "12s", "spark.cores.max=3"),
        "waiting for 3 executors of 1 core: ",
        "The run needs 3 executors of 1 core, and only ",
        " came within 12 s.");
  }

  @Test
  void whatIsWrongWithSettingsIsSaidAtOnce() throws Exception {
    assertTrainEnds(
        BAD_RECIPE,
        List.of("spark.speculation=true", "spark.executor.memory=500m", "spark.cores.max=7"),
        "2 faults; nothing was run:",
        "spark.speculation is true",
        "train.batch = 60 cannot be shared evenly by 7 cores");
  }

  @Test
  void nodesThatCannotLoadWhatComputesAreNamed() throws Exception {
    assertTrainEnds(
        BAD_RECIPE,
        List.of("spark.executor.extraJavaOptions=-Djava.io.tmpdir=/proc/nowhere"),
        "Native libraries cannot be loaded: on 127.0.0.1 (executor ",
        "java.io.tmpdir = /proc/nowhere) BigDL's MKL: Failed to load MKL",
        "spark.executor.extraJavaOptions=-Djava.io.tmpdir=DIR");
  }
}
