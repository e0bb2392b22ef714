package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakestill.jobs.LaunchedCluster.Submitted;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.yarn.api.records.ApplicationReport;
import org.apache.hadoop.yarn.api.records.FinalApplicationStatus;
import org.apache.hadoop.yarn.client.api.YarnClient;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher on real daemons of HDFS and YARN, with data and results on HDFS. The tests build on
 * each other's output, as the runs of a real project do.
 */
@Tag("cluster")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class YarnIT {
  private static final Duration PATIENCE = Duration.ofMinutes(20);
  private static final Path HOME = Path.of(System.getProperty("lakestill.home"));
  private static final String OUTPUT = "/out/digits";

  /** The shortest run that has every stage. */
  private static final String SMALL =
      """
      data { train = "hdfs:///lake/digits.parquet", views.count = 2 }
      teacher.train.epochs = 6
      train { epochs = 6, seeds = [1] }
      evaluate.gates = ["student.accuracy > 0.3"]
      """;

  /** So many that the teacher speaks for some time. */
  private static final int VIEWS = 256;

  /** 1,258 training examples in each view, 179 for validation in one. */
  private static final long ROWS = 1258 * VIEWS + 179;

  /** Both executors have room on one node when the other is dead. */
  private static final String NODE_MEMORY = "6144";

  @TempDir static Path folder;

  private static LaunchedCluster cluster;
  private static FileSystem hdfs;
  private static YarnClient yarn;
  private static Path small;

  private int before;

  @BeforeAll
  static void up() throws Exception {
    small = Files.writeString(folder.resolve("small.conf"), SMALL);
    Path below = folder.resolve("cluster");
    cluster = LaunchedCluster.up("yarn", below, "--memory", NODE_MEMORY, "--expiry", "20");
    Configuration configuration = new Configuration();
    configuration.addResource(new org.apache.hadoop.fs.Path(below + "/conf/core-site.xml"));
    configuration.addResource(new org.apache.hadoop.fs.Path(below + "/conf/hdfs-site.xml"));
    configuration.addResource(new org.apache.hadoop.fs.Path(below + "/conf/yarn-site.xml"));
    yarn = YarnClient.createYarnClient();
    yarn.init(configuration);
    yarn.start();
    hdfs = FileSystem.newInstance(configuration);
    hdfs.copyFromLocalFile(
        new org.apache.hadoop.fs.Path(HOME.resolve("conf/quickstart/digits.parquet").toUri()),
        path("/lake/digits.parquet"));
    hdfs.copyFromLocalFile(
        new org.apache.hadoop.fs.Path(HOME.resolve("conf/recipes/quickstart.conf").toUri()),
        path("/recipes/quickstart.conf"));
  }

  @AfterAll
  static void down() throws IOException {
    if (hdfs != null) {
      hdfs.close();
      yarn.close();
    }
    if (cluster != null) {
      cluster.close();
    }
  }

  @BeforeEach
  void count() throws Exception {
    before = applications().size();
  }

  @Test
  @Order(1)
  void runsARecipeOfHdfsWithItsDriverHere() throws Exception {
    Submitted run = submit("client", "run", "--recipe", "hdfs:///recipes/quickstart.conf");

    cluster.assertEnds(run, 0);
    assertEnded(FinalApplicationStatus.SUCCEEDED);
    assertThat(run.summary().get("outcome").asText()).isEqualTo("done");
    assertOutput();
  }

  /** The recipe is one of this machine, which the launcher sends along. */
  @Test
  @Order(2)
  void runsARecipeOfThisMachineWithItsDriverOnTheCluster() throws Exception {
    Submitted run = submit("cluster", "run", "--recipe", quickstart());

    cluster.assertEnds(run, 0);
    assertEnded(FinalApplicationStatus.SUCCEEDED);
    assertOutput();
    assertThat(stages()).isNotEmpty().containsOnly("already done");
  }

  @Test
  @Order(3)
  void aGateThatRefusesFailsTheApplicationAndGivesItsExitCode() throws Exception {
    Submitted run =
        submit(
            "cluster",
            "evaluate",
            "--recipe",
            quickstart(),
            "--set",
            "evaluate.gates=[\"student.accuracy >= 1.5\"]");

    cluster.assertEnds(run, 6);
    assertThat(assertEnded(FinalApplicationStatus.FAILED))
        .contains("lakestill ended with exit code 6: ", "student.accuracy >= 1.5");
  }

  @Test
  @Order(4)
  void aRecipeThatIsRefusedFailsTheApplicationAndGivesItsExitCode() throws Exception {
    Submitted run = submit("cluster", "run", "--recipe", quickstart(), "--set", "train.epoch=3");

    cluster.assertEnds(run, 2);
    assertThat(assertEnded(FinalApplicationStatus.FAILED))
        .contains("lakestill ended with exit code 2: ", "train.epoch");
  }

  @Test
  @Order(5)
  void aDriverThatDiesIsStartedAgainAndGoesOnWhereItWas() throws Exception {
    Submitted run =
        submit(
            List.of("--deploy-mode", "cluster", "--conf", "spark.yarn.maxAppAttempts=2"),
            List.of("train", "--recipe", quickstart()),
            List.of("train.seeds=[2]", "train.epochs=400", "train.checkpoint.seconds=1"));
    await(run, () -> hasCheckpoint(2));
    List<ProcessHandle> drivers = cluster.masters();
    assertThat(drivers).as(cluster::logs).hasSize(1);

    assertThat(drivers.get(0).destroyForcibly()).isTrue();

    cluster.assertEnds(run, 0);
    assertEnded(FinalApplicationStatus.SUCCEEDED);
    assertThat(cluster.logs()).contains("Taking over output '", "Going on after step ");
  }

  @Test
  @Order(6)
  void theDoctorHearsTheDriverAndEachExecutor() throws Exception {
    Submitted run = submit("client", "doctor", "--output", "hdfs:///out/not/yet");

    cluster.assertEnds(run, 0);
    assertThat(run.summary().get("machines").findValuesAsText("executor"))
        .containsExactly("driver", "1", "2");
    assertThat(hdfs.exists(path("/out/not"))).isFalse();
  }

  @Test
  @Order(7)
  void theDoctorSaysThatAnExecutorHasNoRoom() throws Exception {
    Submitted run =
        submit(
            List.of(
                "--executor-memory=4g",
                "--num-executors=3",
                "--conf",
                "spark.lakestill.executors.timeout=20s"),
            List.of("doctor"),
            List.of());

    cluster.assertEnds(run, 2);
    assertThat(run.said()).contains(" of 3 executors came within 20 s: the cluster or the queue");
  }

  /** The rows of the tasks that died are taught by those that come after them. */
  @Test
  @Order(8)
  void aNodeThatDiesWhileTheTeacherSpeaksCostsNoRow() throws Exception {
    Submitted run =
        submit(
            List.of("--deploy-mode", "client"),
            List.of("teach", "--recipe", quickstart(), "--output", "hdfs:///out/views"),
            List.of("data.views.count=" + VIEWS, "teacher.train.epochs=1"));
    await(run, () -> run.said().contains("  checked on "));

    cluster.lose(cluster.nodeWithoutMaster());

    cluster.assertEnds(run, 0);
    assertEnded(FinalApplicationStatus.SUCCEEDED);
    assertThat(run.said()).contains("Lost executor");
    JsonNode signals = run.summary().get("signals");
    assertThat(signals.get("rows").asLong()).isEqualTo(signals.get("new_rows").asLong());
    assertThat(signals.get("rows").asLong()).isEqualTo(ROWS);
  }

  @Test
  @Order(9)
  void aTrainingThatLosesANodeGoesOnFromItsLastCheckpoint() throws Exception {
    cluster.upAgain();
    Submitted run =
        submit(
            List.of("--deploy-mode", "client"),
            List.of("train", "--recipe", quickstart()),
            List.of("train.seeds=[3]", "train.epochs=400", "train.checkpoint.seconds=1"));
    await(run, () -> hasCheckpoint(3));

    cluster.lose(cluster.nodeWithoutMaster());

    cluster.assertEnds(run, 0);
    assertEnded(FinalApplicationStatus.SUCCEEDED);
    assertThat(run.said()).contains("goes on from its last checkpoint", "Going on after step ");
  }

  private Submitted submit(String mode, String... command) throws IOException {
    return submit(List.of("--deploy-mode", mode), List.of(command), List.of());
  }

  /** All with the same shape: each executor has room beside a driver. */
  private Submitted submit(List<String> options, List<String> command, List<String> settings)
      throws IOException {
    List<String> all = new ArrayList<>(List.of("--preset", "yarn", "--num-executors", "2"));
    all.addAll(List.of("--executor-cores", "1", "--executor-memory", "1g"));
    all.addAll(List.of("--driver-memory", "1g"));
    all.addAll(List.of("--conf", "spark.executor.memoryOverhead=768m"));
    all.addAll(options);
    all.addAll(command);
    if (command.contains("doctor")) {
      return cluster.lakestill(all.toArray(String[]::new));
    }
    all.addAll(List.of("--recipe", small.toString()));
    if (!command.contains("--output")) {
      all.addAll(List.of("--output", "hdfs://" + OUTPUT));
    }
    settings.forEach(setting -> all.addAll(List.of("--set", setting)));
    return cluster.lakestill(all.toArray(String[]::new));
  }

  private static String quickstart() {
    return HOME.resolve("conf/recipes/quickstart.conf").toString();
  }

  private static org.apache.hadoop.fs.Path path(String path) {
    return new org.apache.hadoop.fs.Path(hdfs.getUri() + path);
  }

  private static JsonNode read(String file) throws IOException {
    try (InputStream in = hdfs.open(path(file))) {
      return new ObjectMapper().readTree(in);
    }
  }

  private static void assertOutput() throws IOException {
    for (String file :
        List.of(
            "scorecard.json", "scorecard.html", "student/student.onnx", "student/bundle.json")) {
      assertThat(hdfs.exists(path(OUTPUT + "/" + file))).as(file).isTrue();
    }
    assertThat(read(OUTPUT + "/scorecard.json").at("/student/accuracy").asDouble())
        .isBetween(0.3, 1.0);
  }

  private static List<String> stages() throws IOException {
    List<String> outcomes = new ArrayList<>();
    read(OUTPUT + "/run.json")
        .get("stages")
        .forEach(stage -> outcomes.add(stage.get("outcome").asText()));
    return outcomes;
  }

  /** The manifest of a state is its last file. */
  private static boolean hasCheckpoint(int seed) throws IOException {
    String states = OUTPUT + "/checkpoints/student/seed=" + seed + "/resume/step-*.json";
    return hdfs.globStatus(path(states)).length > 0;
  }

  private static List<ApplicationReport> applications() throws Exception {
    return yarn.getApplications();
  }

  /**
   * @return what YARN says of its end
   */
  private String assertEnded(FinalApplicationStatus state) throws Exception {
    List<ApplicationReport> all = applications();
    assertThat(all).hasSize(before + 1);
    ApplicationReport newest =
        all.stream().max(Comparator.comparing(ApplicationReport::getApplicationId)).orElseThrow();
    assertThat(newest.getFinalApplicationStatus()).as(cluster::logs).isEqualTo(state);
    return newest.getDiagnostics();
  }

  private static void await(Submitted run, Callable<Boolean> condition) {
    try {
      Awaitility.await().atMost(PATIENCE).until(() -> !run.process().isAlive() || condition.call());
    } catch (ConditionTimeoutException e) {
      throw new AssertionError(run.said() + cluster.logs(), e);
    }
    assertThat(run.process().isAlive()).as(() -> "still at work: " + run.said()).isTrue();
  }
}
