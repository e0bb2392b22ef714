package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.spark.package$;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is said twice, for spark-submit and for the Spark operator, is the same. */
class KubernetesConfigurationTest {
  /** Where a SparkApplication says what a setting of the preset says. */
  private static final Map<String, String> PLACES =
      Map.ofEntries(
          Map.entry("spark.driver.memory", "/spec/driver/memory"),
          Map.entry("spark.executor.cores", "/spec/executor/cores"),
          Map.entry("spark.executor.instances", "/spec/executor/instances"),
          Map.entry("spark.executor.memory", "/spec/executor/memory"),
          Map.entry("spark.executor.memoryOverhead", "/spec/executor/memoryOverhead"),
          Map.entry("spark.kubernetes.namespace", "/metadata/namespace"),
          Map.entry(
              "spark.kubernetes.authenticate.driver.serviceAccountName",
              "/spec/driver/serviceAccount"),
          Map.entry(
              "spark.kubernetes.authenticate.executor.serviceAccountName",
              "/spec/executor/serviceAccount"));

  /** What only the one has: the claim of its example. */
  private static final String VOLUMES = "spark.kubernetes.(driver|executor).volumes..*";

  @Test
  void theSparkApplicationSetsWhatThePresetSets() throws IOException {
    JsonNode application = Manifests.single(Manifests.APPLICATION);
    Map<String, String> settings = new TreeMap<>();
    application
        .at("/spec/sparkConf")
        .fields()
        .forEachRemaining(field -> settings.put(field.getKey(), field.getValue().textValue()));
    settings.keySet().removeIf(key -> key.matches(VOLUMES));
    PLACES.forEach(
        (key, place) -> {
          assertThat(application.at(place).isValueNode()).as(place).isTrue();
          settings.put(key, application.at(place).asText());
        });
    assertThat(settings).isEqualTo(preset());
  }

  @ParameterizedTest
  @CsvSource({"driver," + Manifests.DRIVER_TEMPLATE, "executor," + Manifests.EXECUTOR_TEMPLATE})
  void theSparkApplicationHasThePodTemplates(String role, String file) throws IOException {
    ObjectNode template = (ObjectNode) Manifests.single(file);
    template.remove("apiVersion");
    template.remove("kind");
    assertThat(Manifests.single(Manifests.APPLICATION).at("/spec/" + role + "/template"))
        .isEqualTo(template);
  }

  @Test
  void theServiceAccountsExist() throws IOException {
    assertThat(Manifests.of("namespace.yaml"))
        .filteredOn(manifest -> manifest.kind().equals("ServiceAccount"))
        .extracting(Manifests.Manifest::name)
        .containsExactlyInAnyOrder(
            preset().get("spark.kubernetes.authenticate.driver.serviceAccountName"),
            preset().get("spark.kubernetes.authenticate.executor.serviceAccountName"));
  }

  @Test
  void theSparkApplicationNamesTheSparkThatRunsTheTests() throws IOException {
    JsonNode spec = Manifests.single(Manifests.APPLICATION).path("spec");
    assertThat(spec.path("sparkVersion").asText()).isEqualTo(package$.MODULE$.SPARK_VERSION());
    assertThat(spec.path("mainClass").asText()).isEqualTo(Lakestill.class.getName());
  }

  private static Map<String, String> preset() throws IOException {
    Properties properties = new Properties();
    try (Reader file =
        Files.newBufferedReader(Manifests.HOME.resolve("conf/spark/kubernetes.conf"))) {
      properties.load(file);
    }
    Map<String, String> settings = new TreeMap<>();
    properties.forEach((key, value) -> settings.put((String) key, ((String) value).strip()));
    return settings;
  }
}
