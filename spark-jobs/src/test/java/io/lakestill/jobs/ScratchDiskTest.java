package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.signal.SignalManifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code teach} whose shuffle meets a full disk: a file system of 40 MiB in memory that only the
 * driver sees or, where nobody may mount one, a limit of 24 MiB on every file it writes. Either way
 * it is the kernel that refuses.
 */
class ScratchDiskTest {
  private static final int AT_FIRST = 40;
  private static final int MORE = 300;

  /** As long as an odd key may be; the shuffle carries them. */
  private static final int KEY_BYTES = 50_000;

  private static final long PATIENCE_MINUTES = 10;

  @TempDir Path folder;

  private final List<Process> drivers = new ArrayList<>();
  private Path log;

  @BeforeEach
  void nameMaster() {
    System.setProperty("spark.master", "local[2]");
    System.setProperty("spark.ui.enabled", "false");
  }

  @AfterEach
  void endDrivers() {
    System.clearProperty("spark.master");
    System.clearProperty("spark.ui.enabled");
    ForkedJvms.end(drivers.toArray(Process[]::new));
  }

  @Test
  void aFullOneIsNamedWithItsSettingAndReadersHaveTheVersionBefore() throws Exception {
    ForkedJvms jvms = ForkedJvms.in(Files.createDirectory(folder.resolve("jvm")));
    Files.createDirectory(jvms.scratch());
    Files.write(folder.resolve("teacher.onnx"), Oracle.random(5).onnx());
    write(List.of());
    assertEnds(teach(jvms), 0);
    SignalFolder signals = new SignalFolder(folder.resolve("out/signals/oracle"));
    SignalManifest before = signals.current();
    write(longKeys());

    assertEnds(teach(jvms.within(small(jvms.scratch()))), 75);

    assertThat(ForkedJvms.end(log))
        .containsPattern("lakestill teach: (The run|Stage teach) failed: Spark cannot write to ")
        .contains("its scratch folder '" + jvms.scratch())
        .containsAnyOf("': No space left on device; make room", "': File too large; make room")
        .contains("--conf spark.local.dir=FOLDER");
    assertThat(signals.current()).isEqualTo(before);
    signals.table().verify(before);
    write(Pets.rows(AT_FIRST + 1, 3).subList(AT_FIRST, AT_FIRST + 1));
    assertEnds(teach(jvms), 0);
    assertThat(signals.current().rows()).isEqualTo(AT_FIRST + 1);
    signals.assertNothingLeftAfterGc(Set.of(1, signals.current().version()));
    assertThat(folder.resolve("out").resolve(RunLease.FILE)).doesNotExist();
  }

  private static List<Row> longKeys() {
    Random random = new Random(11);
    byte[] key = new byte[KEY_BYTES];
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < MORE; i++) {
      random.nextBytes(key);
      float[] pixels = {1, 1, 1, 1, 1, i};
      rows.add(Pets.row(HexFormat.of().formatHex(key), pixels, 1L));
    }
    return rows;
  }

  private void write(List<Row> more) {
    List<Row> rows = new ArrayList<>(Pets.rows(AT_FIRST, 3));
    rows.addAll(more);
    Pets.write(LocalSession.open(), rows, 1, folder.resolve("table").toString());
  }

  /** A command that makes a folder small for the one that follows it. */
  static List<String> small(Path folder) throws IOException, InterruptedException {
    Process tried = new ProcessBuilder("unshare", "--map-root-user", "--mount", "true").start();
    return tried.waitFor() == 0
        ? List.of(
            "unshare",
            "--map-root-user",
            "--mount",
            "bash",
            "-c",
            "mount -t tmpfs -o size=40m tmpfs \"$0\" && exec \"$@\"",
            folder.toString())
        : List.of("bash", "-c", "ulimit -f 24576 && exec \"$@\"", "bash");
  }

  private Process teach(ForkedJvms jvms) throws IOException {
    String text =
        Pets.text(folder.resolve("table").toString())
            .replace("output = unused", "output = \"" + folder.resolve("out") + "\"")
            .replace("onnx = unused", "onnx = \"" + folder.resolve("teacher.onnx") + "\"");
    Path recipe = Files.writeString(folder.resolve("pets.conf"), text);
    log = folder.resolve("driver-%d.log".formatted(drivers.size()));
    Process driver =
        jvms.lakestill("local[2]", log, List.of(), List.of("teach", "--recipe", recipe.toString()));
    drivers.add(driver);
    return driver;
  }

  private void assertEnds(Process driver, int exit) throws InterruptedException {
    assertThat(driver.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES)).as(this::log).isTrue();
    assertThat(driver.exitValue()).as(this::log).isEqualTo(exit);
  }

  private String log() {
    return ForkedJvms.end(log);
  }
}
