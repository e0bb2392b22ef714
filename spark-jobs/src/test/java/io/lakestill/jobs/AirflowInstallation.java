package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/**
 * A real Airflow in a virtual environment, {@code .lakestill/airflow/<version>}, which the first
 * test makes; with a database and a home of its own.
 */
final class AirflowInstallation {
  private static final Duration PATIENCE = Duration.ofMinutes(20);
  private static final Path HOME =
      Path.of(System.getProperty("lakestill.home")).toAbsolutePath().normalize();

  static final Path DAGS = HOME.resolve("conf/airflow");

  private static final Pattern OUTCOME =
      Pattern.compile("\"stage\":\"[^\"]*\",\"seconds\":[0-9.E-]+,\"outcome\":\"([^\"]+)\"");

  private final Path environment;
  private final Path folder;
  private final Map<String, String> variables = new TreeMap<>();
  private int runs;

  private AirflowInstallation(Path environment, Path folder) {
    this.environment = environment;
    this.folder = folder;
  }

  /**
   * @param folder holds the day's table in {@code table}, and models in {@code models}
   */
  static AirflowInstallation of(String version, Path folder) throws Exception {
    Path environment = HOME.resolve(".lakestill/airflow/" + version);
    AirflowInstallation airflow = new AirflowInstallation(environment, folder);
    if (!Files.exists(environment.resolve("bin/airflow"))) {
      airflow.succeeds("python3", "-m", "venv", environment.toString());
      airflow.succeeds(
          environment.resolve("bin/python").toString(),
          "-m",
          "pip",
          "install",
          "--quiet",
          "apache-airflow==" + version,
          "apache-airflow-providers-apache-spark",
          "apache-airflow-providers-cncf-kubernetes");
    }
    airflow.configure();
    airflow.succeeds(environment.resolve("bin/airflow").toString(), "db", "migrate");
    return airflow;
  }

  private void configure() throws Exception {
    Path spark = Path.of(System.getenv().getOrDefault("SPARK_HOME", HOME + "/.lakestill/spark"));
    set("AIRFLOW_HOME", folder.resolve("airflow").toString());
    set("AIRFLOW__CORE__DAGS_FOLDER", DAGS.toString());
    set("AIRFLOW__CORE__LOAD_EXAMPLES", "False");
    set("PATH", environment.resolve("bin") + ":" + spark.resolve("bin") + ":/usr/bin:/bin");
    set("PYTHONPATH", DAGS.toString());
    set("SPARK_HOME", spark.toString());
    set("AIRFLOW_CONN_SPARK_DEFAULT", "{\"conn_type\": \"spark\", \"host\": \"local[2]\"}");
    set("LAKESTILL_JAR", System.getProperty("lakestill.application.jar"));
    set("LAKESTILL_PROPERTIES", folder.resolve("lakestill.properties").toString());
    set("LAKESTILL_ARRIVED", "file://" + folder.resolve("table") + "/dt={{ ds }}/_SUCCESS");
    set("LAKESTILL_SIGNALS", "file://" + folder.resolve("out/signals"));
    set("LAKESTILL_CATALOGUE", "file://" + folder.resolve("models"));
    set("LAKESTILL_WINDOW", "2");
    set("LAKESTILL_RETRY_SECONDS", "2");
    Files.writeString(
        folder.resolve("lakestill.properties"),
        succeeds(
            HOME.resolve("bin/lakestill").toString(),
            "--driver-memory",
            "1g",
            "--print-properties"));
  }

  void set(String variable, String value) {
    variables.put(variable, value);
  }

  /** What a script of this test prints, with variables of its own. */
  String python(String script, Map<String, String> more) throws Exception {
    return succeeds(
        more,
        environment.resolve("bin/python").toString(),
        HOME.resolve("spark-jobs/src/test/airflow/" + script).toString());
  }

  /** State and attempts of every task in the newest run of a DAG. */
  String states(String dag) throws Exception {
    return query(
        ("select group_concat(said, ', ') from (select task_id || ' ' || state || ' ' || try_number"
                + " as said from task_instance where run_id = (select run_id from dag_run where"
                + " dag_id = '%s' order by id desc limit 1) and dag_id = '%s' order by task_id)")
            .formatted(dag, dag));
  }

  /** What a task handed to others, in its newest run. */
  String xcom(String task) throws Exception {
    return query(
        "select value from xcom where task_id = '%s' and key = 'return_value' order by dag_run_id desc limit 1"
            .formatted(task));
  }

  private String query(String sql) throws Exception {
    return succeeds(
            environment.resolve("bin/python").toString(),
            "-c",
            "import sqlite3, sys; said = sqlite3.connect(sys.argv[1]).execute(sys.argv[2])"
                + ".fetchone()[0]; print(said.decode() if isinstance(said, bytes) else said)",
            folder.resolve("airflow/airflow.db").toString(),
            sql)
        .strip();
  }

  private String succeeds(String... line) throws Exception {
    return succeeds(Map.of(), line);
  }

  private String succeeds(Map<String, String> more, String... line) throws Exception {
    Path out = Files.createTempFile(folder, "out", ".txt");
    Path err = Files.createTempFile(folder, "err", ".txt");
    ProcessBuilder builder = started(line).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().putAll(more);
    Process process = builder.start();
    assertThat(process.waitFor(PATIENCE.toMinutes(), TimeUnit.MINUTES)).isTrue();
    String said = Files.readString(out);
    assertThat(process.exitValue())
        .as("%s: %s%s", Arrays.toString(line), said, Files.readString(err))
        .isZero();
    return said;
  }

  private ProcessBuilder started(String... line) {
    ProcessBuilder builder = new ProcessBuilder(line).directory(folder.toFile());
    builder.environment().putAll(variables);
    return builder;
  }

  /** Runs a DAG for a date, with its tasks, retries and waits; returns at once. */
  Run test(String dag, String date, String parameters) throws IOException {
    Path log = folder.resolve("airflow-" + ++runs + ".log");
    Process process =
        started(
                environment.resolve("bin/airflow").toString(),
                "dags",
                "test",
                dag,
                date,
                "--conf",
                parameters)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    return new Run(process, log);
  }

  /**
   * @param log all it prints
   */
  record Run(Process process, Path log) {
    String text() throws IOException {
      return Files.readString(log, StandardCharsets.UTF_8);
    }

    /** Waits until it says something. */
    void awaitLine(String words) {
      Awaitility.await(words)
          .atMost(PATIENCE)
          .until(() -> text().contains(words) || !process.isAlive());
      assertThat(log).content().contains(words);
    }

    /** Kills the process of a command as soon as there is one. */
    void kill(String command) {
      Awaitility.await("a process of " + command)
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(100))
          .until(
              () ->
                  process
                      .descendants()
                      .filter(child -> runs(child, command))
                      .anyMatch(ProcessHandle::destroyForcibly));
    }

    private static boolean runs(ProcessHandle process, String command) {
      List<String> line = Arrays.asList(process.info().arguments().orElse(new String[0]));
      return process.info().command().filter(path -> path.endsWith("/java")).isPresent()
          && line.contains("org.apache.spark.deploy.SparkSubmit")
          // spark-submit's own, which only puts the line together.
          && !line.contains("org.apache.spark.launcher.Main")
          && line.contains(command);
    }

    void await() throws Exception {
      assertThat(process.waitFor(PATIENCE.toMinutes(), TimeUnit.MINUTES)).isTrue();
    }

    void assertEnds(int code) throws Exception {
      await();
      assertThat(process.exitValue()).as("%s", text()).isEqualTo(code);
    }

    /** Of every stage of every command. */
    List<String> outcomes() throws IOException {
      List<String> outcomes = new ArrayList<>();
      Matcher matcher = OUTCOME.matcher(text());
      while (matcher.find()) {
        outcomes.add(matcher.group(1));
      }
      return outcomes;
    }
  }
}
