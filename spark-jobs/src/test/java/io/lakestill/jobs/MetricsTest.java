package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.io.Meter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Spark's own sinks show of a running command: its web page for Prometheus, and CSV files. */
class MetricsTest {
  private static final String SINK = "spark.metrics.conf.*.sink.";
  private static final String OURS = "plugin.io.lakestill.jobs.LakestillPlugin.";

  private final Map<String, String> settings = new LinkedHashMap<>();

  @TempDir Path folder;

  private SparkSession open(String... more) {
    settings.put("spark.master", "local[2]");
    settings.put("spark.ui.enabled", "true");
    settings.put("spark.ui.port", "0");
    settings.put("spark.driver.host", "127.0.0.1");
    settings.put("spark.driver.bindAddress", "127.0.0.1");
    settings.put("spark.ui.prometheus.enabled", "true");
    settings.put(
        SINK + "prometheusServlet.class", "org.apache.spark.metrics.sink.PrometheusServlet");
    settings.put(SINK + "prometheusServlet.path", "/metrics/prometheus");
    settings.put(SINK + "csv.class", "org.apache.spark.metrics.sink.CsvSink");
    settings.put(SINK + "csv.period", "1");
    settings.put(SINK + "csv.directory", folder.resolve("csv").toString());
    for (int k = 0; k < more.length; k += 2) {
      settings.put(more[k], more[k + 1]);
    }
    LocalSession.open().stop(); // Whatever session another test left.
    settings.forEach(System::setProperty);
    return Sessions.open("metrics test");
  }

  @AfterEach
  void forget() {
    settings.keySet().forEach(System::clearProperty);
  }

  @Test
  void prometheusAndFilesShowTheRowsOfATeachersPass() throws Exception {
    Files.createDirectory(folder.resolve("csv"));
    double before = Meter.TEACH_ROWS.value();
    double written = Meter.TASK_ROWS.value();
    try (SparkSession spark = open()) {
      DailyPets pets = new DailyPets(spark, folder);
      pets.write(DailyPets.threeDays(7));
      pets.writeTeacher(Oracle.random(7));

      pets.teach("signals", "run", DateSelection.ALL);

      String shown = get(spark, "/metrics/prometheus");
      assertThat(value(shown, "teach_rows") - before).isEqualTo(60);
      assertThat(value(shown, "teach_rowsPerSecond")).isPositive();
      assertThat(value(shown, "teach_quarantined")).isEqualTo(Meter.TEACH_QUARANTINED.value());
      assertThat(value(shown, "executor_teach_rows") - written).isGreaterThanOrEqualTo(60);
      assertThat(shown).contains("train_loss_Value", "train_phase_exchangeSeconds_Value");
      assertThat(get(spark, "/metrics/executors/prometheus"))
          .contains("metrics_executor_completedTasks_total");
    }
    try (Stream<Path> files = Files.list(folder.resolve("csv"))) {
      Path rows =
          files
              .filter(file -> file.toString().endsWith(OURS + "teach.rows.csv"))
              .findFirst()
              .orElseThrow();
      List<String> lines = Files.readAllLines(rows);
      String last = lines.get(lines.size() - 1);
      assertThat(Double.parseDouble(last.substring(last.indexOf(',') + 1)) - before).isEqualTo(60);
    }
  }

  @Test
  void pluginsOfTheSiteStay() {
    SitePlugin.made = false;
    try (SparkSession spark = open("spark.plugins", SitePlugin.class.getName())) {
      assertThat(SitePlugin.made).isTrue();
      assertThat(spark.sparkContext().getConf().get("spark.plugins"))
          .isEqualTo(SitePlugin.class.getName() + "," + LakestillPlugin.class.getName());
    }
  }

  /** One that a site has besides. */
  public static final class SitePlugin implements org.apache.spark.api.plugin.SparkPlugin {
    private static volatile boolean made;

    public SitePlugin() {
      made = true;
    }

    @Override
    public org.apache.spark.api.plugin.DriverPlugin driverPlugin() {
      return null; // As Spark's contract has it.
    }

    @Override
    public org.apache.spark.api.plugin.ExecutorPlugin executorPlugin() {
      return null;
    }
  }

  private static String get(SparkSession spark, String path) throws Exception {
    URI page = URI.create(spark.sparkContext().uiWebUrl().get() + path);
    HttpResponse<String> answer =
        HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build()
            .send(HttpRequest.newBuilder(page).build(), HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer.body();
  }

  private static double value(String page, String metric) {
    Matcher line =
        Pattern.compile(
                "^metrics_\\S*plugin_io_lakestill_jobs_LakestillPlugin_%s_Value\\S* (\\S+)$"
                    .formatted(metric),
                Pattern.MULTILINE)
            .matcher(page);
    assertThat(line.find()).as(page).isTrue();
    return Double.parseDouble(line.group(1));
  }
}
