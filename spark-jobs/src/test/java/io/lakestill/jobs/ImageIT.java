package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakestill.jobs.Dockerfile.Copied;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The image, after the build: what its Dockerfile copies is there, and what others look for in it
 * is made. No image is built, since that takes a base image from a registry.
 */
class ImageIT {
  private static final Pattern LOCAL = Pattern.compile("local://(/opt/[\\w./-]*\\w)");

  private static Dockerfile dockerfile;

  @BeforeAll
  static void read() throws IOException {
    if (!"true".equals(System.getenv("CI"))) {
      assumeThat(Manifests.HOME.resolve(".lakestill/spark/jars"))
          .as("Spark as bin/setup lays it out; with a SPARK_HOME of your own there is no image")
          .exists();
    }
    dockerfile = Dockerfile.read(Manifests.FOLDER.resolve("Dockerfile"), Manifests.HOME);
  }

  @Test
  void everythingThatIsCopiedIsThereOnce() {
    assertThat(dockerfile.copied())
        .hasSizeGreaterThan(8)
        .allSatisfy(copied -> assertThat(copied.found()).as(copied.pattern()).hasSize(1));
  }

  @Test
  void theContextIsWhatIsCopiedAndNothingElse() throws IOException {
    List<String> lines =
        Files.readAllLines(Manifests.HOME.resolve(".dockerignore")).stream()
            .filter(line -> !line.startsWith("#"))
            .toList();
    assertThat(lines).startsWith("*");
    List<String> let = lines.subList(1, lines.size());
    assertThat(let).allMatch(line -> line.startsWith("!"));
    for (String line : let) {
      assertThat(dockerfile.copied()).as(line).anyMatch(copied -> lets(line, copied));
    }
    for (Copied copied : dockerfile.copied()) {
      assertThat(let).as(copied.pattern()).anyMatch(line -> lets(line, copied));
    }
  }

  @Test
  void whatIsSubmittedIsInTheImage() throws IOException {
    List<String> named = new ArrayList<>();
    JsonNode spec = Manifests.single(Manifests.APPLICATION).path("spec");
    named.add(spec.path("mainApplicationFile").asText());
    spec.at("/deps/jars").forEach(jar -> named.add(jar.asText()));
    named.add(Files.readString(Manifests.HOME.resolve("bin/lakestill")));
    named.add(Files.readString(Manifests.HOME.resolve("core/docs/kubernetes.md")));
    List<String> paths =
        LOCAL
            .matcher(String.join("\n", named))
            .results()
            .map((MatchResult found) -> found.group(1))
            .distinct()
            .toList();
    assertThat(paths).hasSizeGreaterThanOrEqualTo(3);
    assertThat(dockerfile.image().keySet()).containsAll(paths);
  }

  @Test
  void whatTheImageSetsIsInTheImage() {
    List<String> settings = dockerfile.all("ENV").stream().flatMap(List::stream).toList();
    assertThat(settings)
        .contains(
            "SPARK_HOME=/opt/spark",
            "LOG4J_CONFIGURATION_FILE=/opt/lakestill/log4j2.properties",
            "SPARK_SUBMIT_OPTS=-Dlakestill.home=/opt/lakestill");
    assertThat(dockerfile.all("ENTRYPOINT"))
        .containsExactly(List.of("[\"/opt/lakestill/entrypoint.sh\"]"));
    assertThat(dockerfile.image().keySet())
        .contains(
            "/opt/spark/bin/spark-submit",
            "/opt/lakestill/log4j2.properties",
            "/opt/lakestill/entrypoint.sh",
            "/opt/lakestill/conf/recipes/quickstart.conf",
            "/opt/lakestill/conf/quickstart/digits.parquet")
        .anyMatch(path -> path.startsWith("/opt/spark/jars/spark-kubernetes_2.12-"))
        .anyMatch(path -> path.startsWith("/opt/spark/jars/hadoop-client-runtime-"));
  }

  @Test
  void itRunsAsAUserByNumberOnABaseOfAFixedVersion() {
    String user = PodRules.USER + ":" + PodRules.USER;
    assertThat(dockerfile.all("USER")).containsExactly(List.of(user));
    assertThat(dockerfile.all("FROM")).hasSize(2);
    assertThat(dockerfile.all("FROM"))
        .allSatisfy(from -> assertThat(from.get(0)).matches("[^:]+/[^:]+:\\d[\\w.-]*"));
    assertThat(dockerfile.all("RUN").toString()).doesNotContain("curl", "wget", "http", "apt");
    assertThat(dockerfile.instructions()).noneMatch(it -> it.name().equals("ADD"));
  }

  /** Whether a line of .dockerignore lets a source into the context. */
  private static boolean lets(String line, Copied copied) {
    String pattern = line.substring(1);
    return copied.found().stream()
        .map(Manifests.HOME::relativize)
        .anyMatch(path -> covers(pattern, path));
  }

  private static boolean covers(String pattern, Path path) {
    return path.startsWith(pattern)
        || FileSystems.getDefault().getPathMatcher("glob:" + pattern).matches(path);
  }
}
