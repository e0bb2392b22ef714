package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakestill.jobs.LaunchedCluster.Submitted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher on Spark's own master and two workers. The tests build on each other's output, as
 * the runs of a real project do.
 */
@Tag("cluster")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class StandaloneIT {
  private static final Path HOME = Path.of(System.getProperty("lakestill.home"));

  @TempDir static Path folder;

  private static LaunchedCluster cluster;
  private static Path small;
  private static Path output;
  private static Path metrics;

  @BeforeAll
  static void up() throws Exception {
    small =
        Files.writeString(
            folder.resolve("small.conf"),
            """
            data { train = "%s", views.count = 2 }
            teacher.train.epochs = 6
            train { epochs = 6, seeds = [1] }
            evaluate.gates = ["student.accuracy > 0.3"]
            """
                .formatted(HOME.resolve("conf/quickstart/digits.parquet")));
    output = folder.resolve("out");
    metrics = Files.createDirectory(folder.resolve("metrics"));
    cluster = LaunchedCluster.up("standalone", folder.resolve("cluster"), "--cores", "2");
  }

  @AfterAll
  static void down() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Test
  @Order(1)
  void runsARecipeWithItsDriverHere() throws Exception {
    Submitted run = submit("client", "run");

    cluster.assertEnds(run, 0);
    assertThat(run.summary().get("outcome").asText()).isEqualTo("done");
    assertThat(output.resolve("student/student.onnx")).exists();
    assertThat(output.resolve("scorecard.html")).exists();
    assertThat(executorsRows()).as("figures of two executors").hasSize(2);
    assertThat(executorsRows().stream().mapToDouble(rows -> rows).sum())
        .isGreaterThanOrEqualTo(run.summary().at("/signals/rows").asDouble());
  }

  /**
   * What each executor has shown to a sink of its own: it finds the plugin in the jar that the
   * command was submitted with.
   */
  private static List<Double> executorsRows() throws IOException {
    List<Double> rows = new ArrayList<>();
    try (Stream<Path> files = Files.list(metrics)) {
      for (Path file :
          files.filter(each -> each.toString().endsWith(".executor.teach.rows.csv")).toList()) {
        List<String> lines = Files.readAllLines(file);
        String last = lines.get(lines.size() - 1);
        rows.add(Double.parseDouble(last.substring(last.indexOf(',') + 1)));
      }
    }
    return rows;
  }

  @Test
  @Order(2)
  void runsARecipeWithItsDriverOnAWorker() throws Exception {
    Submitted run = submit("cluster", "run");

    cluster.assertEnds(run, 0);
    assertThat(summary("run").findValuesAsText("outcome")).contains("already done");
  }

  /** Spark tells nobody the exit code of a driver on a worker; its summary does. */
  @Test
  @Order(3)
  void aGateThatRefusesFailsTheDriverOnAWorker() throws Exception {
    Submitted run =
        submit("cluster", "evaluate", "--set", "evaluate.gates=[\"student.accuracy >= 1.5\"]");

    cluster.assertEnds(run, 1);
    assertThat(summary("evaluate").get("exit").asInt()).isEqualTo(6);
    assertThat(run.said()).contains("the driver failed; its standard error is in its folder");
  }

  private Submitted submit(String mode, String command, String... more) throws IOException {
    List<String> all = new ArrayList<>(List.of("--master", cluster.master()));
    all.addAll(List.of("--deploy-mode", mode, "--total-executor-cores", "2"));
    all.addAll(List.of("--executor-cores", "1", "--executor-memory", "1g"));
    String sink = "spark.metrics.conf.executor.sink.csv.";
    all.addAll(List.of("--conf", sink + "class=org.apache.spark.metrics.sink.CsvSink"));
    all.addAll(List.of("--conf", sink + "period=1", "--conf", sink + "directory=" + metrics));
    all.addAll(List.of("--driver-memory", "1g", command));
    all.addAll(List.of("--recipe", HOME.resolve("conf/recipes/quickstart.conf").toString()));
    all.addAll(List.of("--recipe", small.toString(), "--output", output.toString()));
    all.addAll(List.of(more));
    return cluster.lakestill(all.toArray(String[]::new));
  }

  private static JsonNode summary(String command) throws IOException {
    return new ObjectMapper().readTree(output.resolve(command + ".json").toFile());
  }
}
