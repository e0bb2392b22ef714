package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.jobs.ScriptedCheckout.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SetupScriptTest {
  private static final String CORE_WHEEL =
      "bigdl_core-2.4.0.dev1-py3-none-manylinux2010_x86_64.whl";
  private static final String CORE_SHA256 =
      "0d4edea886bf1310fb7f5d206b09463b6aea94fdca41b8cda1226f82e988206b";

  private ScriptedCheckout checkout;

  @BeforeEach
  void checkOut(@TempDir Path folder) throws IOException {
    checkout = new ScriptedCheckout(folder);
    pip("--version) ;; download) echo 'no network' >&2; exit 1 ;;");
  }

  @Test
  void doesNothingWhenEverythingIsInPlace() throws Exception {
    checkout.isSetUp();
    checkout.tool("python3", "exit 99");
    Outcome outcome = checkout.run("bin/setup");
    assertThat(outcome.exitCode()).isZero();
    assertThat(outcome.stderr()).isEqualTo("setup: everything is in place\n");
  }

  @Test
  void namesEveryMissingFileAndItsHashWithoutNetwork() throws Exception {
    Outcome outcome = checkout.run("bin/setup");
    assertThat(outcome.exitCode()).isEqualTo(75);
    assertThat(outcome.stderr())
        .contains("no network", checkout.path(".lakestill/wheels").toString())
        .contains("bigdl_dllib_spark3-2.5.0b20240324-py3-none-manylinux1_x86_64.whl")
        .contains("4d8a828c8168d27c3c96a6dcf43b0ad07c6313dfd3f3c746b194ada84c6c6836")
        .contains(CORE_WHEEL, CORE_SHA256)
        .contains("pyspark-3.5.7.tar.gz")
        .contains("80e36514e0c5c126d35a26adf4f405cd4a69de96a8ea8a3c1e9a65fce2fb4eaa");
  }

  @Test
  void leavesNothingHalfDone() throws Exception {
    checkout.write(".lakestill/staging/left by a killed setup", "");
    checkout.run("bin/setup");
    assertThat(checkout.path(".lakestill/staging")).doesNotExist();
    assertThat(checkout.path(".lakestill/repo")).doesNotExist();
    assertThat(checkout.path(".lakestill/spark")).doesNotExist();
  }

  @Test
  void refusesAFileThatIsNotTheOnePinned() throws Exception {
    checkout.isSetUp();
    Files.delete(
        checkout.path(
            ".lakestill/repo/com/intel/analytics/bigdl/bigdl-core/2.4.0.dev1/"
                + "bigdl-core-2.4.0.dev1.pom.sha1"));
    Path wheel = checkout.write(".lakestill/wheels/" + CORE_WHEEL, "another");
    Outcome outcome = checkout.run("bin/setup");
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.stderr())
        .contains(wheel + " is not the file it should be", "expected " + CORE_SHA256);
  }

  @Test
  void refusesASparkOfAnotherVersion() throws Exception {
    checkout.isSetUp();
    Path other = checkout.write("spark-3.4/jars/spark-core_2.13-3.4.1.jar", "").getParent();
    checkout.environment("SPARK_HOME", other.getParent().toString());
    Outcome outcome = checkout.run("bin/setup");
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.stderr())
        .contains("is not a Spark 3.5 with Scala 2.12 (found: spark-core_2.13-3.4.1.jar)");
  }

  @Test
  void refusesAnOldJava() throws Exception {
    checkout.tool("java", "echo 'openjdk version \"11.0.20\"' >&2");
    Outcome outcome = checkout.run("bin/setup");
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.stderr()).contains("'java' is Java 11; 17 or newer is needed");
  }

  @Test
  void saysWhatToInstallWhenPythonHasNoPip() throws Exception {
    pip("*) exit 1 ;;");
    Outcome outcome = checkout.run("bin/setup");
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.stderr()).contains("'python3' has no pip. Install it (Debian: python3-pip)");
  }

  /** A Python that is real but for pip, which answers by these cases of its first argument. */
  private void pip(String cases) throws IOException {
    checkout.tool(
        "python3",
        """
        if [[ "${1:-}" == -m && "${2:-}" == pip ]]; then
          case "${3:-}" in %s esac
          exit
        fi
        PATH=${PATH#*:}
        exec python3 "$@"
        """
            .formatted(cases));
  }
}
