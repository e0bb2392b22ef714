package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.jobs.ScriptedCheckout.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The launcher on Kubernetes, in front of a spark-submit that is a script. */
class PodLauncherScriptTest {
  private ScriptedCheckout checkout;
  private Path jar;

  @BeforeEach
  void checkOut(@TempDir Path folder) throws IOException {
    checkout = new ScriptedCheckout(folder);
    checkout.isSetUp();
    jar = checkout.write("spark-jobs/target/lakestill-0.1.0.jar", "");
  }

  /** Spark carries what lies in its configuration folder to the pod, but for names of its own. */
  @Test
  void sendsRecipesToADriverInAPodByItsConfigurationFolder() throws Exception {
    checkout.write(".lakestill/spark/conf/hive-site.xml", "of the site");
    checkout.write(
        ".lakestill/spark/bin/spark-submit",
        "#!/usr/bin/env bash\ncat \"$SPARK_CONF_DIR\"/*; printf '%s\\n' \"$@\"");
    Files.writeString(checkout.caller().resolve("spark mine.conf"), "first ");
    Path other = Files.createDirectories(checkout.caller().resolve("other"));
    Files.writeString(other.resolve("spark mine.conf"), "second ");
    Outcome outcome =
        inPod(
            "run",
            "--recipe=spark mine.conf",
            "--recipe",
            "other/spark mine.conf",
            "--recipe",
            "s3a://lake/third.conf");
    assertThat(outcome.stdout()).startsWith("of the sitesecond first ");
    assertThat(submitted(outcome))
        .endsWith(
            "run",
            "--recipe=/opt/spark/conf/recipe-spark_mine.conf",
            "--recipe",
            "/opt/spark/conf/recipe-recipe-spark_mine.conf",
            "--recipe",
            "s3a://lake/third.conf")
        .doesNotContain("--files");
  }

  @Test
  void runsWhatTheImageHoldsInPods() throws Exception {
    Outcome outcome = inPod("plan");
    assertThat(submitted(outcome))
        .containsSubsequence(
            "--jars",
            "local:///opt/lakestill/bigdl-dllib-slim.jar,local:///opt/lakestill/bigdl-core.jar",
            "local:///opt/lakestill/lakestill.jar",
            "plan")
        .contains(
            "spark.kubernetes.driver.podTemplateFile="
                + checkout.path("conf/kubernetes/driver-template.yaml"))
        .noneMatch(argument -> argument.contains("lakestill.home"));
    Outcome here = checkout.run("bin/lakestill", "--master", "k8s://https://host:6443", "plan");
    assertThat(submitted(here)).contains(jar.toString()).noneMatch(a -> a.startsWith("local:"));
  }

  @Test
  void leavesPodTemplatesOfTheUserAlone() throws Exception {
    Files.writeString(
        checkout.caller().resolve("own.conf"),
        "spark.master k8s://https://host:6443\n"
            + "spark.kubernetes.driver.podTemplateFile mine.yaml\n");
    assertThat(submitted(checkout.run("bin/lakestill", "--properties-file", "own.conf", "plan")))
        .noneMatch(argument -> argument.startsWith("spark.kubernetes.driver.podTemplateFile"))
        .anyMatch(argument -> argument.startsWith("spark.kubernetes.executor.podTemplateFile="));
  }

  /** spark-submit ends with 0 whatever becomes of the pod, and tells what did. */
  @ParameterizedTest
  @CsvSource({
    "container name: spark-kubernetes-driver; exit code: 6, 6",
    "container name: proxy; exit code: 1; container name: spark-kubernetes-driver; exit code: 2, 2",
    "container name: spark-kubernetes-driver; exit code: 137; container name: proxy; exit code: 0,"
        + " 137",
    "container name: of-my-template; exit code: 3, 3",
    "container name: spark-kubernetes-driver; exit code: 0, 0",
    "No containers were found in the driver pod., 75"
  })
  void endsAsADriverInAPodDid(String containers, int ends) throws Exception {
    checkout.write(
        ".lakestill/spark/bin/spark-submit",
        """
        #!/usr/bin/env bash
        { echo 'container name: spark-kubernetes-driver'; echo 'exit code: 99'
          echo 'Container final statuses:'
          tr ';' '\\n' <<< '%s'
          echo 'Application a with application ID i and submission ID lakestill:pod finished'; } >&2
        """
            .formatted(containers));
    assertThat(inPod("plan").exitCode()).isEqualTo(ends);
  }

  @Test
  void doesNotWaitForAPodWhenItIsToldNotTo() throws Exception {
    checkout.write(".lakestill/spark/bin/spark-submit", "#!/usr/bin/env bash\necho deployed >&2\n");
    assertThat(inPod("plan").exitCode()).isZero();
  }

  private Outcome inPod(String... command) throws Exception {
    List<String> all = new ArrayList<>(List.of("--master", "k8s://https://host:6443"));
    all.addAll(List.of("--deploy-mode", "cluster"));
    all.addAll(List.of(command));
    return checkout.run("bin/lakestill", all.toArray(String[]::new));
  }

  private static List<String> submitted(Outcome outcome) {
    return outcome.stdout().lines().toList();
  }
}
