package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.Pod;
import io.lakestill.jobs.LaunchedCluster.Submitted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher on Kubernetes as far as Spark sees it: spark-submit and drivers speak with a mock
 * API server, and the pods they create run as processes. The tests build on each other's output, as
 * the runs of a real project do.
 */
@Tag("cluster")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class KubernetesIT {
  private static final Duration PATIENCE = Duration.ofMinutes(20);
  private static final Path HOME = Path.of(System.getProperty("lakestill.home"));

  private static final int VIEWS = 256;

  /** 1,258 training examples in each view, 179 for validation in one. */
  private static final long ROWS = 1258 * VIEWS + 179;

  /** As a JVM ends that is asked to. */
  private static final int SIGTERM = 128 + 15;

  @TempDir static Path folder;

  private static KubernetesCluster cluster;
  private static Path data;
  private static List<Pod> before;

  @BeforeAll
  static void up() throws IOException {
    data = Files.createDirectories(folder.resolve("data"));
    cluster = KubernetesCluster.up(folder.resolve("cluster"), data);
  }

  @AfterAll
  static void down() {
    if (cluster != null) {
      cluster.close();
    }
  }

  /** The recipe is one of this machine, and its data are in the image. */
  @Test
  @Order(1)
  void runsTheQuickstartInPods() throws Exception {
    Submitted run = submit("cluster", List.of("run", "--output", "/data/quickstart"));

    cluster.assertEnds(run, 0);
    assertThat(ended().getStatus().getPhase()).isEqualTo("Succeeded");
    for (String file :
        List.of(
            "scorecard.json", "scorecard.html", "student/student.onnx", "student/bundle.json")) {
      assertThat(data.resolve("quickstart").resolve(file)).exists();
    }
    assertThat(read("quickstart/scorecard.json").at("/student/accuracy").asDouble())
        .isBetween(0.9, 1.0);
  }

  /** What pods did, with nothing refused, so a role that is too tight would have shown. */
  @Test
  @Order(2)
  void drivesAndSubmitsWithTheRightsOfItsRoles() {
    assertThat(cluster.server().asked("lakestill-driver")).isNotEmpty();
    assertThat(cluster.server().asked("lakestill-submitter")).isNotEmpty();
    assertThat(cluster.server().refused()).isEmpty();
  }

  @Test
  @Order(3)
  void aGateThatRefusesFailsThePodAndGivesItsExitCode() throws Exception {
    Submitted run =
        submit(
            "cluster",
            List.of("evaluate", "--output", "/data/quickstart"),
            "evaluate.gates=[\"student.accuracy >= 1.5\"]");

    cluster.assertEnds(run, 6);
    assertThat(ended().getStatus().getPhase()).isEqualTo("Failed");
    assertThat(ended().getStatus().getContainerStatuses().get(0).getState().getTerminated())
        .satisfies(
            end -> {
              assertThat(end.getExitCode()).isEqualTo(6);
              assertThat(end.getMessage()).contains("student.accuracy >= 1.5");
            });
  }

  @Test
  @Order(4)
  void aRecipeThatIsRefusedGivesItsExitCode() throws Exception {
    Submitted run =
        submit("cluster", List.of("run", "--output", "/data/quickstart"), "train.epoch=3");

    cluster.assertEnds(run, 2);
    assertThat(cluster.log(ended())).contains("train.epoch");
  }

  /** The driver is here, and executors fetch the application from it. */
  @Test
  @Order(5)
  void theDoctorHearsEachPod() throws Exception {
    Submitted run =
        cluster.lakestill("client", List.of(), List.of("doctor", "--output", data + "/not/yet"));

    cluster.assertEnds(run, 0);
    assertThat(run.summary().get("machines").findValuesAsText("executor"))
        .containsExactly("driver", "1", "2");
  }

  /** The rows of the tasks that died are taught by the executor that comes in its place. */
  @Test
  @Order(6)
  void anExecutorThatIsDeletedWhileTheTeacherSpeaksCostsNoRow() throws Exception {
    Submitted run =
        submit(
            "cluster",
            List.of("teach", "--output", "/data/views"),
            "data.views.count=" + VIEWS,
            "teacher.train.epochs=1");
    Pod driver = started(run);
    await(run, () -> cluster.log(driver).contains("  checked on "));
    List<Pod> executors = cluster.running("executor");
    executors.forEach(PodRules::assertFollowed);
    PodRules.assertFollowed(driver);

    cluster.delete(executors.get(0));

    cluster.assertEnds(run, 0);
    assertThat(cluster.log(driver)).contains("was deleted by a user or the framework");
    assertThat(rowsAndKeys("views/signals/digits-cnn/v=1")).containsExactly(ROWS, ROWS);
  }

  @Test
  @Order(7)
  void aTrainingThatLosesAnExecutorGoesOnFromItsLastCheckpoint() throws Exception {
    Submitted run = train(2);
    Pod driver = started(run);
    await(run, () -> hasCheckpoint(2));

    cluster.delete(cluster.running("executor").get(1));

    cluster.assertEnds(run, 0);
    assertThat(cluster.log(driver))
        .contains("goes on from its last checkpoint", "Going on after step ");
    assertThat(cluster.server().refused()).isEmpty();
  }

  @Test
  @Order(8)
  void aDriverThatIsDeletedGoesOnWhereItWasWhenItIsSubmittedAgain() throws Exception {
    Submitted first = train(3);
    Pod driver = started(first);
    await(first, () -> hasCheckpoint(3));

    cluster.delete(driver);

    cluster.assertEnds(first, SIGTERM);
    Awaitility.await().atMost(PATIENCE).until(() -> cluster.running("executor").isEmpty());
    Submitted second = train(3);
    Pod again = started(second);
    cluster.assertEnds(second, 0);
    assertThat(cluster.log(again)).contains("Going on after step ");
  }

  /** Long enough to be met at work. */
  private static Submitted train(int seed) throws IOException {
    return submit(
        "cluster",
        List.of("train", "--output", "/data/quickstart"),
        "train.seeds=[" + seed * 100 + "]",
        "train.epochs=400",
        "train.checkpoint.seconds=1");
  }

  private static Submitted submit(String mode, List<String> command, String... settings)
      throws IOException {
    before = cluster.drivers();
    List<String> arguments = new ArrayList<>(command);
    arguments.addAll(List.of("--recipe", HOME + "/conf/recipes/quickstart.conf"));
    Stream.of(settings).forEach(setting -> arguments.addAll(List.of("--set", setting)));
    return cluster.lakestill(mode, List.of(), arguments);
  }

  /** The manifest of a state is its last file. */
  private static boolean hasCheckpoint(int seed) throws IOException {
    Path states = data.resolve("quickstart/checkpoints/student/seed=" + seed * 100 + "/resume");
    if (!Files.isDirectory(states)) {
      return false;
    }
    try (Stream<Path> files = Files.list(states)) {
      return files.anyMatch(file -> file.getFileName().toString().matches("step-.*\\.json"));
    }
  }

  private static List<Long> rowsAndKeys(String version) throws SQLException {
    String query =
        "SELECT count(*), count(DISTINCT (sample_id, view_id)) FROM"
            + " read_parquet('%s/**/*.parquet')";
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement();
        ResultSet counts = statement.executeQuery(query.formatted(data.resolve(version)))) {
      assertThat(counts.next()).isTrue();
      return List.of(counts.getLong(1), counts.getLong(2));
    }
  }

  private static JsonNode read(String file) throws IOException {
    return new ObjectMapper().readTree(data.resolve(file).toFile());
  }

  /** The driver of the last submission, which runs. */
  private static Pod started(Submitted run) {
    await(run, () -> !cluster.running("driver").isEmpty());
    return cluster.running("driver").get(0);
  }

  /** The driver of the last submission, which is still there. */
  private static Pod ended() {
    List<String> old = before.stream().map(pod -> pod.getMetadata().getName()).toList();
    List<Pod> fresh =
        cluster.drivers().stream()
            .filter(pod -> !old.contains(pod.getMetadata().getName()))
            .toList();
    assertThat(fresh).hasSize(1);
    return fresh.get(0);
  }

  private static void await(Submitted run, Callable<Boolean> condition) {
    try {
      Awaitility.await().atMost(PATIENCE).until(() -> !run.process().isAlive() || condition.call());
    } catch (ConditionTimeoutException e) {
      throw new AssertionError(run.said() + cluster.logs(), e);
    }
    assertThat(run.process().isAlive())
        .as(() -> "still at work: " + run.said() + cluster.logs())
        .isTrue();
  }
}
