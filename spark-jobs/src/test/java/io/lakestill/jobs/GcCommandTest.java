package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.signal.SignalTable;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code gc} after runs that died, in processes of their own, and beside one that lives. */
class GcCommandTest {
  /** The first four of 25 parts are written, and the next two never end. */
  private static final StorageFault STUCK =
      StorageFault.pauses(StorageFault.Event.CLOSE, "/v=2/part-000(0[4-9]|[1-9])", 600_000);

  @TempDir private Path folder;

  private Process process;

  @BeforeAll
  static void chooseMaster() {
    System.setProperty("spark.master", "local[2]");
    System.setProperty("spark.ui.enabled", "false");
    System.setProperty("spark.sql.shuffle.partitions", "2");
  }

  @AfterAll
  static void forgetMaster() {
    System.clearProperty("spark.master");
    System.clearProperty("spark.ui.enabled");
    System.clearProperty("spark.sql.shuffle.partitions");
  }

  @AfterEach
  void endProcess() {
    if (process != null) {
      process.destroyForcibly();
    }
  }

  @Test
  void removesWhatADeadTeachLeftAndNothingOfALivingOne() throws Exception {
    Files.write(folder.resolve("teacher.onnx"), Oracle.random(3).onnx());
    Files.writeString(folder.resolve("pets.conf"), recipe());
    write(60);
    CommandLineRun first = teach();
    assertThat(first.exit()).as(first.err()).isZero();
    SignalTable table =
        new SignalTable(new org.apache.hadoop.fs.Path(table().toUri()), new Configuration());
    write(400);

    process = teachElsewhere();
    Awaitility.await()
        .atMost(Duration.ofMinutes(5))
        .until(() -> !process.isAlive() || files(table().resolve("v=2")) > 5);
    assertThat(process.isAlive()).as(this::log).isTrue();
    CommandLineRun beside = gc();
    assertThat(process.isAlive()).as(this::log).isTrue();
    process.destroyForcibly().waitFor(30, TimeUnit.SECONDS);

    assertThat(beside.exit()).isEqualTo(5);
    assertThat(beside.err()).contains("is held by run ", "(process " + process.pid() + " on ");
    long left = files(table().resolve("v=2"));
    assertThat(left).isGreaterThan(5);

    CommandLineRun dry = gc("--dry-run");
    assertThat(dry.exit()).as(dry.err()).isZero();
    assertThat(dry.summary().path("files").asLong()).isGreaterThanOrEqualTo(left);
    assertThat(dry.err()).contains("Taking over output '", "Would remove ", "/v=2/part-");
    assertThat(files(table().resolve("v=2"))).isEqualTo(left);

    CommandLineRun done = gc();
    assertThat(done.exit()).as(done.err()).isZero();
    assertThat(done.summary().path("bytes").asLong()).isPositive();
    assertThat(table().resolve("v=2")).doesNotExist();
    assertThat(table.current().orElseThrow().version()).isEqualTo(1);
    assertThat(gc().summary().path("files").asLong()).isZero();
    CommandLineRun sound = CommandLineRun.of("verify", "--table", table().toString());
    assertThat(sound.exit()).as(sound.err()).isZero();

    write(70);
    CommandLineRun again = teach();
    assertThat(again.exit()).as(again.err()).isZero();
    assertThat(table.current().orElseThrow().version()).isEqualTo(2);
    assertThat(table.current().orElseThrow().rows()).isEqualTo(70);
  }

  @Test
  void keepsTheNewestVersionsOnRequest() throws IOException {
    SignalTable table = null;
    for (int i = 0; i < 3; i++) {
      table = new SyntheticSignals(table(), 1, 1).say("a", 0, "h", 1).quarantine("b", 0).commit(1);
    }
    Files.writeString(table().resolve("_lakestill/manifest-v4.json"), "{}");
    Files.writeString(
        table().resolve("_lakestill/.CURRENT.00000000-0000-0000-0000-000000000000"), "4");
    Files.writeString(table().resolve("notes.txt"), "mine");

    CommandLineRun all = gc();
    assertThat(all.exit()).as(all.err()).isZero();
    assertThat(table.versions()).containsExactly(1, 2, 3);
    assertThat(all.summary().path("files").asInt()).isEqualTo(2);

    CommandLineRun two = gc("--keep", "2");
    assertThat(two.exit()).as(two.err()).isZero();
    assertThat(two.summary().path("kept_versions").toString()).isEqualTo("[2,3]");
    assertThat(table.versions()).containsExactly(2, 3);
    assertThat(table().resolve("v=1")).doesNotExist();
    assertThat(table().resolve("_lakestill/quarantine-v1")).doesNotExist();
    assertThat(table().resolve("notes.txt")).exists();
    for (int version : table.versions()) {
      table.verify(table.manifest(version));
    }

    CommandLineRun none = gc("--keep", "0");
    assertThat(none.exit()).isEqualTo(2);
    assertThat(none.err()).contains("--keep must be at least 1, is 0");
  }

  @Test
  void touchesNothingThatIsNoSignalTable() throws IOException {
    Path foreign = Files.createDirectories(table().resolve("v=1")).resolve("part-0.parquet");
    Files.writeString(foreign, "somebody's");

    CommandLineRun run = gc();

    assertThat(run.exit()).isEqualTo(3);
    assertThat(run.err()).contains("There is no signal table at '", "part-0.parquet' is not what");
    assertThat(foreign).exists();
  }

  private Path table() {
    return folder.resolve("out/signals/oracle");
  }

  private CommandLineRun gc(String... more) {
    List<String> line = new ArrayList<>(List.of("gc", "--table", table().toString()));
    line.addAll(List.of(more));
    return CommandLineRun.of(line.toArray(String[]::new));
  }

  private CommandLineRun teach() {
    return CommandLineRun.of("teach", "--recipe", folder.resolve("pets.conf").toString());
  }

  /** The same in a process of its own, which can be killed, and does not end by itself. */
  private Process teachElsewhere() throws IOException {
    List<String> line = new ArrayList<>();
    line.add(ProcessHandle.current().info().command().orElse("java"));
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.startsWith("--add-opens") || argument.startsWith("-Djdk"))
        .forEach(line::add);
    line.addAll(List.of("-Xmx1g", "-Dspark.master=local[2]", "-Dspark.ui.enabled=false"));
    line.add("-Dspark.sql.shuffle.partitions=2");
    Path marks = Files.createDirectories(folder.resolve("marks"));
    StorageFault.settings(marks, List.of(STUCK)).forEach(setting -> line.add("-D" + setting));
    String out = folder.resolve("out").toString();
    Path stuck = folder.resolve("stuck.conf");
    Files.writeString(stuck, recipe().replace('"' + out, "\"kdtest://" + out));
    line.addAll(List.of("-cp", System.getProperty("java.class.path"), Lakestill.class.getName()));
    line.addAll(List.of("teach", "--recipe", stuck.toString()));
    File log = folder.resolve("teach.log").toFile();
    return new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(log).start();
  }

  private String log() {
    return "the teach must still be at work: " + ForkedJvms.end(folder.resolve("teach.log"));
  }

  private void write(int rows) {
    SparkSession spark = LocalSession.open();
    Pets.write(spark, Pets.rows(rows, 7), 2, folder.resolve("table").toString());
    spark.stop();
  }

  private String recipe() {
    return Pets.text(folder.resolve("table").toString())
        .replace("output = unused", "output = \"" + folder.resolve("out") + "\"")
        .replace("onnx = unused", "onnx = \"" + folder.resolve("teacher.onnx") + "\"");
  }

  private static long files(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return 0;
    }
    try (Stream<Path> found = Files.list(folder)) {
      return found.filter(file -> file.toString().endsWith(".parquet")).count();
    }
  }
}
