package io.lakestill.jobs;

import static io.lakestill.jobs.DailyPets.FIRST;
import static io.lakestill.jobs.DailyPets.SECOND;
import static io.lakestill.jobs.DailyPets.THIRD;
import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.io.Sha256;
import io.lakestill.jobs.StorageFault.Event;
import io.lakestill.signal.SignalFile;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.Slice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code teach --dt} in processes that know nothing of each other, and some of which die: the table
 * has every date that one of them has committed, byte for byte as a run alone makes it. Footers are
 * left aside: Parquet lists a column's encodings there in an order that every process has its own
 * of.
 */
class BackfillIT {
  private static final Duration PATIENCE = Duration.ofMinutes(20);
  private static final FileTime LONG_AGO = FileTime.from(Instant.now().minusSeconds(90));
  private static final int KILLED = 137;
  private static final int TERMINATED = 143;
  private static final long SEED = 29;

  /** The key of a store, as every run is given one; no file and no log may have it. */
  private static final String SECRET = "canary-5f1c9b";

  /** Where a run stands that has its date, and the first part of it on disk. */
  private static final StorageFault AT_WORK =
      StorageFault.gate(Event.CLOSE, "/v=[0-9]+/dt=[^/]+/part-");

  @TempDir static Path shared;

  private static ForkedJvms jvms;

  @TempDir Path folder;

  private final List<Process> drivers = new ArrayList<>();
  private Path log;

  @BeforeAll
  static void writeThreeDays() throws IOException {
    jvms = ForkedJvms.in(shared);
    System.setProperty("spark.master", "local[2]");
    System.setProperty("spark.ui.enabled", "false");
    try (SparkSession spark = LocalSession.open()) {
      DailyPets pets = new DailyPets(spark, shared);
      pets.write(DailyPets.threeDays(SEED));
      pets.writeTeacher(Oracle.random(SEED));
      pets.teach("alone", "alone", DateSelection.ALL);
    }
  }

  @AfterAll
  static void forgetMaster() {
    System.clearProperty("spark.master");
    System.clearProperty("spark.ui.enabled");
  }

  @BeforeEach
  void makeMarks() throws IOException {
    Files.createDirectory(marks());
  }

  @AfterEach
  void endDrivers() throws IOException {
    ForkedJvms.end(drivers.toArray(Process[]::new));
    try (Stream<Path> files = Files.walk(folder)) {
      assertThat(files.filter(Files::isRegularFile))
          .allSatisfy(
              file ->
                  assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
                      .doesNotContain(SECRET));
    }
  }

  @Test
  void datesTaughtByProcessesAtTheSameTimeAreAllThere() throws Exception {
    List<String> dates = List.of(THIRD, FIRST, SECOND);
    for (String date : dates) {
      teach(List.of(AT_WORK), date);
    }
    awaitAtWork(dates);

    StorageFault.open(marks(), 0);

    for (Process driver : drivers) {
      assertEnds(driver, 0);
    }
    assertTaught(FIRST, SECOND, THIRD);
    assertThat(signals().table().versions()).as("one for each date").hasSize(3);
    for (String date : dates) {
      assertThat(folder.resolve("out/teach-dt=" + date + ".json")).exists();
    }
    assertNothingLeft();
  }

  @Test
  void aSecondProcessIsToldWhoHasTheDateAndAThirdTakesItOver() throws Exception {
    Process first = teach(List.of(AT_WORK), SECOND);
    awaitAtWork(List.of(SECOND));

    Process second = teach(List.of(), SECOND);
    assertEnds(second, 5);
    String host = LeaseHolder.here("anybody").host();
    assertThat(ForkedJvms.end(log))
        .contains("\"exit\":5")
        .contains("lakestill teach: Date 2026-11-02 of signal table '")
        .contains("is held by run ", " (process %d on %s, since 20".formatted(first.pid(), host))
        .contains("wait for it to end, or teach other dates meanwhile.");
    assertThat(folder.resolve("out/teach-dt=" + SECOND + ".json")).doesNotExist();
    assertThat(first.isAlive()).isTrue();

    assertThat(first.toHandle().destroyForcibly()).isTrue();
    assertEnds(first, KILLED);
    assertThat(lease(SECOND)).content().contains("\"pid\"", "" + first.pid());
    // As if its machine were gone as well: nobody can ask it about the process, and time tells.
    Files.writeString(lease(SECOND), Files.readString(lease(SECOND)).replace(host, "gone.example"));
    Files.setLastModifiedTime(lease(SECOND), LONG_AGO);

    assertEnds(teach(List.of(), SECOND), 0);
    assertThat(log)
        .content()
        .contains("Taking over date 2026-11-02 of signal table '")
        .contains(" (process %d on gone.example, since 20".formatted(first.pid()));
    assertTaught(SECOND);
    assertNothingLeft();
  }

  @Test
  void aTerminatedProcessGivesItsDateBack() throws Exception {
    Process driver = teach(List.of(AT_WORK), FIRST, SECOND);
    awaitAtWork(List.of(FIRST));

    driver.toHandle().destroy();

    assertEnds(driver, TERMINATED);
    assertThat(leases()).isEmpty();
    assertThat(signals().table().current()).isEmpty();
  }

  /** What it does just then it ends, and then has neither the date nor the list, nor takes more. */
  @Test
  void aProcessTerminatedInItsCommitGivesDateAndListBack() throws Exception {
    Process driver =
        teach(List.of(StorageFault.pausesOnce(Event.RENAME, "/CURRENT$", 3_000)), FIRST, SECOND);
    await(() -> hasEnded() || StorageFault.hasHappened(marks(), 0));
    assertThat(leases()).as(this::logs).containsExactly("commit", "dt=" + FIRST);

    driver.toHandle().destroy();

    assertEnds(driver, TERMINATED);
    assertThat(leases()).isEmpty();
    assertTaught(FIRST);
    assertEnds(teach(List.of(), FIRST, SECOND), 0);
    assertThat(log).content().contains("1 of 2 dates were done already").doesNotContain("Taking");
    assertTaught(FIRST, SECOND);
    assertNothingLeft();
  }

  private Process teach(List<StorageFault> faults, String... dates) throws IOException {
    log = folder.resolve("driver-%d.log".formatted(drivers.size()));
    String text =
        Pets.text(shared.resolve("table").toString())
            .replace("output = unused", "output = \"%s:%s\"".formatted(scheme(), out()))
            .replace("onnx = unused", "onnx = \"" + shared.resolve("teacher.onnx") + "\"");
    Path recipe = Files.writeString(folder.resolve("daily.conf"), text + "data.date = dt\n");
    List<String> arguments = new ArrayList<>(List.of("teach", "--recipe", recipe.toString()));
    Arrays.stream(dates).forEach(date -> arguments.addAll(List.of("--dt", date)));
    List<String> settings = new ArrayList<>(StorageFault.settings(marks(), faults));
    settings.add("spark.hadoop.fs.s3a.secret.key=" + SECRET);
    Process driver = jvms.lakestill("local[1]", log, settings, arguments);
    drivers.add(driver);
    return driver;
  }

  private static String scheme() {
    return FaultyFileSystem.SCHEME;
  }

  private Path marks() {
    return folder.resolve("marks");
  }

  private Path out() {
    return folder.resolve("out");
  }

  private SignalFolder signals() {
    return new SignalFolder(out().resolve("signals/oracle"));
  }

  private Path lease(String date) {
    return leaseFolder().resolve("dt=" + date);
  }

  private Path leaseFolder() {
    return signals().path().resolve("_lakestill/leases");
  }

  private Set<String> leases() throws IOException {
    return Files.exists(leaseFolder()) ? names(leaseFolder()) : Set.of();
  }

  private static Set<String> names(Path of) throws IOException {
    try (Stream<Path> files = Files.list(of)) {
      return files
          .map(file -> file.getFileName().toString())
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  /** Each of the dates is held, and has a part. */
  private void awaitAtWork(List<String> dates) throws IOException {
    Set<String> held = dates.stream().map(date -> "dt=" + date).collect(Collectors.toSet());
    await(() -> hasEnded() || datesWithParts().equals(held));
    assertThat(datesWithParts()).as(this::logs).isEqualTo(held);
    assertThat(leases()).as(this::logs).isEqualTo(held);
  }

  private boolean hasEnded() {
    return drivers.stream().anyMatch(driver -> !driver.isAlive());
  }

  private Set<String> datesWithParts() throws IOException {
    Path root = signals().path();
    if (!Files.exists(root)) {
      return Set.of();
    }
    try (Stream<Path> files = Files.walk(root, 3)) {
      return files
          .map(file -> root.relativize(file))
          .filter(file -> file.getNameCount() == 3 && file.toString().startsWith("v="))
          .map(file -> file.getName(1).toString())
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  private void await(Callable<Boolean> condition) {
    try {
      Awaitility.await().atMost(PATIENCE).until(condition);
    } catch (ConditionTimeoutException e) {
      throw new AssertionError(logs(), e);
    }
  }

  private void assertEnds(Process driver, int exit) throws InterruptedException {
    boolean ended = driver.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    assertThat(ended).as(() -> "ended in time: " + logs()).isTrue();
    assertThat(driver.exitValue()).as(this::logs).isEqualTo(exit);
  }

  private String logs() {
    String logs =
        Stream.iterate(0, k -> k + 1)
            .limit(drivers.size())
            .map(k -> folder.resolve("driver-%d.log".formatted(k)))
            .map(file -> "%n== %s%n%s".formatted(file.getFileName(), ForkedJvms.end(file)))
            .collect(Collectors.joining());
    return logs + ForkedJvms.stacks(drivers.stream().map(Process::toHandle));
  }

  private void assertTaught(String... dates) throws IOException {
    SignalManifest current = signals().current();
    assertThat(current.dates()).containsExactly(dates);
    signals().table().verify(current);
    for (String date : dates) {
      assertThat(pages(signals(), date)).as(date).isEqualTo(pages(alone(), date));
    }
  }

  private static SignalFolder alone() {
    return new SignalFolder(shared.resolve("alone"));
  }

  /** The hashes of what the files of a date hold before their footers. */
  private static List<String> pages(SignalFolder of, String date) throws IOException {
    Slice slice = of.current().slice(Optional.of(date)).orElseThrow();
    assertThat(slice.rows()).isEqualTo(20);
    List<String> hashes = new ArrayList<>();
    for (SignalFile file : slice.files()) {
      byte[] bytes = Files.readAllBytes(of.path().resolve(file.name()));
      int end = bytes.length - 8;
      int footer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(end);
      hashes.add(Sha256.of(Arrays.copyOf(bytes, end - footer)));
    }
    return hashes.stream().sorted().toList();
  }

  private void assertNothingLeft() throws IOException {
    assertThat(leases()).isEmpty();
    signals().assertNothingLeftAfterGc(signals().table().versions());
  }
}
