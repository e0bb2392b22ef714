package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.jobs.ScriptedCheckout.Outcome;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The launcher in front of a spark-submit that prints its arguments, one per line, and exits 6. */
class LauncherScriptTest {
  private static final String JAVA_OPTIONS = "spark.driver.extraJavaOptions=";

  private ScriptedCheckout checkout;
  private Path jar;

  @BeforeEach
  void checkOut(@TempDir Path folder) throws IOException {
    checkout = new ScriptedCheckout(folder);
    checkout.isSetUp();
    jar = checkout.write("spark-jobs/target/lakestill-0.1.0.jar", "");
  }

  @Test
  void passesArgumentsAndExitCodeThrough() throws Exception {
    Outcome outcome = checkout.run("bin/lakestill", "run", "--set", "a.b=two words", "--", "*");
    assertThat(outcome.exitCode()).isEqualTo(6);
    assertThat(submitted(outcome))
        .startsWith("--class", "io.lakestill.jobs.Lakestill", "--properties-file")
        .contains(checkout.path("conf/spark/local.conf").toString())
        .endsWith(jar.toString(), "run", "--set", "a.b=two words", "--", "*");
  }

  @Test
  void printsALineThatRunsTheSameAgain() throws Exception {
    Outcome first = checkout.run("bin/lakestill", "run", "--set", "a.b=two words");
    checkout.write("bin/again", "#!/usr/bin/env bash\n" + first.stderr());
    assertThat(checkout.path("bin/again").toFile().setExecutable(true)).isTrue();
    assertThat(checkout.run("bin/again").stdout()).isEqualTo(first.stdout());
  }

  @Test
  void printsEverythingItGivesToSparkSubmitAsOneFile() throws Exception {
    Outcome outcome =
        checkout.run(
            "bin/lakestill",
            "--driver-memory",
            "3g",
            "--conf",
            "spark.x=a\\b c",
            "--queue",
            "ml",
            "--master",
            "local[1]",
            "--print-properties");
    assertThat(outcome.exitCode()).as(outcome.stderr()).isZero();
    Properties read = new Properties();
    read.load(new StringReader(outcome.stdout()));
    List<String> submitted = submitted(checkout.run("bin/lakestill", "plan"));
    assertThat(read)
        .containsEntry("spark.master", "local[1]")
        .containsEntry("spark.driver.memory", "3g")
        .containsEntry("spark.x", "a\\b c")
        .containsEntry("spark.yarn.queue", "ml")
        .containsEntry("spark.speculation", "false")
        .containsEntry("spark.jars", submitted.get(submitted.indexOf("--jars") + 1));
    assertThat(read.getProperty("spark.driver.extraJavaOptions")).contains("-Dlakestill.home=");
    assertThat(outcome.stdout()).contains(" --class io.lakestill.jobs.Lakestill " + jar);

    Outcome proxy = checkout.run("bin/lakestill", "--proxy-user", "ann", "--print-properties");
    assertThat(proxy.exitCode()).isEqualTo(2);
    assertThat(proxy.stderr()).contains("--proxy-user has no setting that a properties file could");
    Outcome command = checkout.run("bin/lakestill", "--print-properties", "teach");
    assertThat(command.exitCode()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--conf spark.hadoop.fs.s3a.secret.key=CANARY plan",
        "--conf=spark.hadoop.fs.azure.account.key.lake.dfs.core.windows.net=CANARY plan",
        "plan --set data.train=s3a://key:CANARY@bucket/table",
        "plan --recipe https://host/recipe.conf?sig=CANARY"
      })
  void refusesASecretAmongArgumentsWithoutPrintingIt(String arguments) throws Exception {
    Outcome outcome = checkout.run("bin/lakestill", arguments.split(" "));
    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.stderr()).contains("is a secret").contains("credential provider");
    assertThat(outcome.stderr() + outcome.stdout()).doesNotContain("CANARY");
  }

  @Test
  void passesOnWhereASecretIs() throws Exception {
    List<String> settings =
        List.of(
            "spark.hadoop.hadoop.security.credential.provider.path=jceks://hdfs@name:8020/k.jceks",
            "spark.kubernetes.executor.secretKeyRef.AWS_SECRET_ACCESS_KEY=keys:secret",
            "spark.hadoop.dfs.block.access.token.enable=true");
    List<String> line = new ArrayList<>();
    settings.forEach(setting -> line.addAll(List.of("--conf", setting)));
    line.add("plan");
    assertThat(submitted(checkout.run("bin/lakestill", line.toArray(String[]::new))))
        .containsAll(settings);
  }

  @Test
  void leavesSecretsOfTheSiteOutOfWhatItPrintsAndFromTheEyesOfOthers() throws Exception {
    checkout.write(
        ".lakestill/spark/conf/spark-defaults.conf",
        "spark.x 1\nspark.hadoop.fs.s3a.secret.key  CANARY\n");
    Outcome outcome = checkout.run("bin/lakestill", "--print-properties");
    assertThat(outcome.exitCode()).as(outcome.stderr()).isZero();
    assertThat(outcome.stdout()).contains("spark.x 1").doesNotContain("CANARY");
    assertThat(outcome.stderr()).contains("left out spark.hadoop.fs.s3a.secret.key");
    assertThat(Files.getPosixFilePermissions(checkout.path(".lakestill/conf/local.conf")))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
  }

  @Test
  void startsFromTheFolderOfTheCaller() throws Exception {
    checkout.write(".lakestill/spark/bin/spark-submit", "#!/usr/bin/env bash\npwd -P\n");
    assertThat(checkout.run("bin/lakestill", "plan").stdout().strip())
        .isEqualTo(checkout.caller().toRealPath().toString());
  }

  @Test
  void joinsJavaOptionsOfSiteAndUserToItsOwn() throws Exception {
    checkout.write(
        ".lakestill/spark/conf/spark-defaults.conf", JAVA_OPTIONS + "-Dsite=1\nspark.x 1\n");
    Outcome outcome =
        checkout.run("bin/lakestill", "--conf", JAVA_OPTIONS + "-Duser=\"a b\"", "plan");
    assertThat(submitted(outcome))
        .filteredOn(argument -> argument.startsWith(JAVA_OPTIONS))
        .singleElement()
        .asString()
        .contains("-Dlakestill.home=\"" + checkout.path(".").normalize() + "\"")
        .endsWith(" -Dsite=1 -Duser=\"a b\"");
  }

  @Test
  void putsThePresetAfterTheSettingsOfTheSite() throws Exception {
    checkout.write(".lakestill/spark/conf/spark-defaults.conf", "spark.speculation true");
    List<String> submitted = submitted(checkout.run("bin/lakestill", "plan"));
    Path properties = Path.of(submitted.get(submitted.indexOf("--properties-file") + 1));
    assertThat(properties)
        .content()
        .startsWith("spark.speculation true\n")
        .endsWith(Files.readString(checkout.path("conf/spark/local.conf")));
  }

  @Test
  void givesPackagesAndCatalogsOfTableFormatsToSparkAsTheyAre() throws Exception {
    String delta = "io.delta:delta-spark_2.12:3.3.2";
    String extension = "spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension";
    List<String> submitted =
        submitted(checkout.run("bin/lakestill", "--packages", delta, "--conf", extension, "teach"));
    assertThat(submitted)
        .containsSubsequence("--packages", delta, "--conf", extension)
        .endsWith("teach");
  }

  @Test
  void addsJarsOfTheUserToThoseOfBigDl() throws Exception {
    List<String> submitted = submitted(checkout.run("bin/lakestill", "--jars", "a.jar", "plan"));
    assertThat(submitted.get(submitted.indexOf("--jars") + 1).split(",", -1))
        .hasSize(3)
        .anyMatch(path -> path.endsWith("bigdl-dllib-slim-2.5.0b20240324.jar"))
        .anyMatch(path -> path.endsWith("bigdl-core-2.4.0.dev1.jar"))
        .contains("a.jar");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "plan                                 | local[3]",
        "--master local[*] plan               | local[3]",
        "--master=local[*,4] plan             | local[3,4]",
        "--conf spark.master=local[*] plan    | local[3]",
        "--properties-file starred.conf plan  | local[3,2]",
        "--master local[2] plan               | local[2]",
        "--master local[2,4] plan             | local[2,4]",
        "--master local plan                  | local",
        "--master spark://host:7077 plan      | spark://host:7077",
      })
  void givesBigDlTheNumberOfCoresInPlaceOfAStar(String options, String master) throws Exception {
    checkout.tool(
        "java", "printf 'openjdk version \"17.0.15\"\\n    Effective CPU Count: 3\\n' >&2");
    Files.writeString(checkout.caller().resolve("starred.conf"), "spark.master local[*,2]\n");
    List<String> submitted = submitted(checkout.run("bin/lakestill", options.split(" ", -1)));
    assertThat(submitted.get(submitted.indexOf("--master") + 1)).isEqualTo(master);
  }

  @Test
  void keepsPathsOfThisMachineFromADriverElsewhere() throws Exception {
    Outcome outcome =
        checkout.run("bin/lakestill", "--preset=yarn", "--deploy-mode", "cluster", "plan");
    assertThat(submitted(outcome)).noneMatch(argument -> argument.contains("lakestill.home"));
  }

  @Test
  void sendsRecipesAndLogSettingsToADriverOnYarn() throws Exception {
    Path recipe = Files.writeString(checkout.caller().resolve("my.conf"), "");
    List<String> submitted =
        submitted(
            checkout.run(
                "bin/lakestill",
                "--preset=yarn",
                "--deploy-mode=cluster",
                "--files=a.txt",
                "run",
                "--recipe=my.conf",
                "--recipe",
                "hdfs:///other.conf"));
    assertThat(submitted.get(submitted.indexOf("--files") + 1))
        .isEqualTo(
            "a.txt,%s,%s"
                .formatted(
                    checkout.path("conf/spark/log4j2.properties").toRealPath(),
                    recipe.toRealPath()));
    assertThat(submitted).contains(JAVA_OPTIONS + "-Dlog4j2.configurationFile=log4j2.properties");
  }

  /** What spark-submit says and how it ends, and how the launcher then ends. */
  @ParameterizedTest
  @CsvSource({
    "User class threw: lakestill ended with exit code 75: try again, 1, 75",
    "State of driver driver-20261122-0001 is FAILED, 0, 1",
    "State of driver driver-20261122-0001 is FINISHED, 0, 0",
    "final status: SUCCEEDED, 0, 0",
    "no such host, 1, 1",
    "lakestill ended with exit code 6: before the signal, 143, 143"
  })
  void endsAsADriverElsewhereDid(String said, int submit, int ends) throws Exception {
    checkout.write(
        ".lakestill/spark/bin/spark-submit",
        "#!/usr/bin/env bash\necho '%s' >&2\nexit %d\n".formatted(said, submit));
    Outcome outcome =
        checkout.run("bin/lakestill", "--preset=yarn", "--deploy-mode=cluster", "plan");
    assertThat(outcome.exitCode()).isEqualTo(ends);
    assertThat(outcome.stderr()).contains(said);
  }

  @Test
  void buildsOnlyWhenASourceIsNewerThanTheJar() throws Exception {
    checkout.tool("mvn", "echo building >&2; touch spark-jobs/target/lakestill-0.1.0.jar");
    assertThat(checkout.run("bin/lakestill", "plan").stderr()).doesNotContain("building");
    Files.setLastModifiedTime(
        checkout.write("core/src/main/java/Some.java", "changed"),
        FileTime.from(Instant.now().plusSeconds(1)));
    assertThat(checkout.run("bin/lakestill", "plan").stderr()).contains("building");
  }

  @ParameterizedTest
  @CsvSource({
    "--preset standalone, preset standalone needs --master spark://HOST:PORT",
    "--preset kubernetes, preset kubernetes needs --master k8s://https://HOST:PORT",
    "--preset cloud, no preset 'cloud'",
    "--preset local --master yarn, preset local does not fit --master yarn",
    "--master mesos://a:1, cannot run on master 'mesos://a:1'",
    "--recipe a.conf, unknown option '--recipe' before COMMAND",
    "--properties-file none.conf, no file 'none.conf'",
  })
  void refusesWhatCannotRun(String options, String message) throws Exception {
    String[] arguments = (options + " plan").split(" ", -1);
    Outcome outcome = checkout.run("bin/lakestill", arguments);
    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.stdout()).isEmpty();
    assertThat(outcome.stderr()).contains(message);
  }

  @Test
  void showsUsageWithoutACommand() throws Exception {
    Outcome outcome = checkout.run("bin/lakestill");
    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.stderr()).startsWith("Usage: bin/lakestill");
  }

  private static List<String> submitted(Outcome outcome) {
    return outcome.stdout().lines().toList();
  }
}
