package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.openlineage.spark.agent.OpenLineageSparkListener;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The application jar submitted as users do it, each run a process of its own, watched by all that
 * Spark offers: event logs, metrics and, the first run, OpenLineage. Logs, too, are in the folder.
 */
final class SubmittedRuns {
  static final String NAMESPACE = "digits";

  private static final Path HOME = Path.of("..").toAbsolutePath().normalize();
  private static final long MINUTES = 10;

  private final Path folder;
  private final CanarySecrets secrets;
  private Process process;

  /** How a run ended. */
  record Run(int exit, String stdout, String stderr) {
    JsonNode summary() throws IOException {
      String[] lines = stdout.strip().split("\n", -1);
      return new ObjectMapper().readTree(lines[lines.length - 1]);
    }

    List<String> outcomes() throws IOException {
      List<String> outcomes = new ArrayList<>();
      summary().get("stages").forEach(stage -> outcomes.add(stage.get("outcome").asText()));
      return outcomes;
    }
  }

  private SubmittedRuns(Path folder, CanarySecrets secrets) {
    this.folder = folder;
    this.secrets = secrets;
  }

  /**
   * @param secrets that every run is given, and should keep to itself
   */
  static SubmittedRuns in(Path folder, CanarySecrets secrets) throws IOException {
    SubmittedRuns runs = new SubmittedRuns(folder, secrets);
    Files.createDirectory(runs.events());
    Files.createDirectory(runs.metrics());
    return runs;
  }

  Path events() {
    return folder.resolve("events");
  }

  private Path metrics() {
    return folder.resolve("metrics");
  }

  /** Of the first run, which does all the work. */
  Path lineage() {
    return folder.resolve("lineage.jsonl");
  }

  /** Submits a command and waits for its end. */
  Run submit(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(sparkSubmit());
    if (!Files.exists(lineage())) {
      command.addAll(
          settings(
              "spark.extraListeners=" + OpenLineageSparkListener.class.getName(),
              "spark.openlineage.transport.type=file",
              "spark.openlineage.transport.location=" + lineage(),
              "spark.openlineage.namespace=" + NAMESPACE));
    }
    command.add(System.getProperty("lakestill.application.jar"));
    command.addAll(List.of(arguments));
    File stdout = Files.createTempFile(folder, "stdout", ".log").toFile();
    File stderr = Files.createTempFile(folder, "stderr", ".log").toFile();
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(stdout).redirectError(stderr);
    builder.environment().putAll(secrets.environment());
    process = builder.start();
    assertThat(process.waitFor(MINUTES, TimeUnit.MINUTES)).as("ended in time").isTrue();
    return new Run(
        process.exitValue(),
        Files.readString(stdout.toPath(), StandardCharsets.UTF_8),
        Files.readString(stderr.toPath(), StandardCharsets.UTF_8));
  }

  private List<String> sparkSubmit() throws IOException, URISyntaxException {
    Path laidOut = HOME.resolve(".lakestill/spark");
    Path spark = Optional.ofNullable(System.getenv("SPARK_HOME")).map(Path::of).orElse(laidOut);
    assertThat(spark.resolve("bin/spark-submit")).as("laid out by bin/setup").isExecutable();
    List<String> command =
        new ArrayList<>(
            List.of(
                spark.resolve("bin/spark-submit").toString(),
                "--class",
                "io.lakestill.jobs.Lakestill",
                "--master",
                "local[2]",
                "--driver-memory",
                "3g",
                "--properties-file",
                HOME.resolve("conf/spark/local.conf").toString(),
                "--jars",
                bigDl() + "," + jarOf(OpenLineageSparkListener.class)));
    command.addAll(
        settings(
            "spark.driver.extraJavaOptions=-Dlakestill.home=\"%s\" -Dlog4j2.configurationFile=%s"
                .formatted(HOME, HOME.resolve("conf/spark/log4j2.properties").toUri()),
            "spark.eventLog.enabled=true",
            "spark.eventLog.dir=" + events().toUri(),
            "spark.metrics.conf.*.sink.csv.class=org.apache.spark.metrics.sink.CsvSink",
            "spark.metrics.conf.*.sink.csv.directory=" + metrics(),
            "spark.hadoop.hadoop.security.credential.provider.path=" + secrets.provider()));
    return command;
  }

  private static List<String> settings(String... settings) {
    return Stream.of(settings).flatMap(setting -> Stream.of("--conf", setting)).toList();
  }

  private static Path jarOf(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  private static String bigDl() throws IOException {
    Path repository = HOME.resolve(".lakestill/repo");
    try (Stream<Path> files = Files.walk(repository)) {
      return String.join(
          ",", files.map(Path::toString).filter(file -> file.endsWith(".jar")).sorted().toList());
    }
  }

  /** The largest value of a figure that any run showed. */
  double largest(String metric) throws IOException {
    double largest = Double.NEGATIVE_INFINITY;
    try (Stream<Path> files = Files.list(metrics())) {
      for (Path file :
          files.filter(each -> each.toString().endsWith("Plugin." + metric + ".csv")).toList()) {
        largest =
            Files.readAllLines(file).stream()
                .skip(1) // What the columns are.
                .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(',') + 1)))
                .filter(value -> !Double.isNaN(value))
                .reduce(largest, Math::max);
      }
    }
    return largest;
  }

  /** Ends a run that has not ended by itself. */
  void end() {
    if (process != null && process.isAlive()) {
      process.destroyForcibly();
    }
  }
}
