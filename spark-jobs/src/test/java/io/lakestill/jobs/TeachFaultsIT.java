package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.jobs.StorageFault.Effect;
import io.lakestill.jobs.StorageFault.Event;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code teach} in processes that die: after each death the same rows as a run that nothing
 * happened to, or the version before, and nothing left after {@code gc}.
 */
class TeachFaultsIT {
  /** Of a machine that has more to do than these tests; only a failure takes so long. */
  private static final Duration PATIENCE = Duration.ofMinutes(20);

  private static final int KILLED = 137;
  private static final int TERMINATED = 143;

  /** Part files when the stage stands at a gate. */
  private static final int AT_GATE = 5;

  private static final int AT_SECOND_GATE = 22;
  private static final String PARTS = "/v=2/part-";

  /** A part takes a while to close, so that the stage lasts about ten seconds. */
  private static final StorageFault SLOW = StorageFault.pauses(Event.CLOSE, PARTS, 400);

  /** Where the stage stops when three tasks are done, and each executor has written a file more. */
  private static final StorageFault GATE = StorageFault.gate(Event.CLOSE, PARTS + "000(0[3-9]|1)");

  /** The same with thirteen tasks more. */
  private static final StorageFault SECOND_GATE = StorageFault.gate(Event.CLOSE, PARTS + "000[23]");

  @TempDir static Path shared;

  private static StandaloneCluster cluster;
  private static GrowingPets pets;

  @TempDir Path folder;

  private final List<Process> drivers = new ArrayList<>();
  private GrowingPets.Output output;
  private Path log;

  @BeforeAll
  static void startAll() throws IOException {
    cluster = StandaloneCluster.start(Files.createDirectory(shared.resolve("cluster")));
    pets = GrowingPets.taughtOnce(Files.createDirectory(shared.resolve("pets")));
  }

  @AfterAll
  static void endAll() {
    if (cluster != null) {
      cluster.close();
    }
    if (pets != null) {
      pets.close();
    }
  }

  @BeforeEach
  void copyOutput() throws IOException {
    output = pets.copyTo(folder.resolve("out"));
    Files.createDirectory(folder.resolve("marks"));
  }

  @AfterEach
  void endDrivers() {
    ForkedJvms.end(drivers.toArray(Process[]::new));
    awaitNoExecutors();
  }

  @Test
  void anExecutorKilledMidStageCostsNothing() throws Exception {
    Process driver = teach(List.of(), GATE);
    awaitParts(driver, AT_GATE);

    kill(cluster.executors().get(0));
    open(0);

    assertEnds(driver, 0);
    output.assertTaught(2);
    output.assertNothingLeftAfterGc();
  }

  @Test
  void everyExecutorKilledOnceCostsNothing() throws Exception {
    Process driver = teach(List.of(), GATE, SECOND_GATE);
    awaitParts(driver, AT_GATE);
    List<ProcessHandle> executors = cluster.executors();
    assertThat(executors).as(cluster::logs).hasSize(2);

    kill(executors.get(0));
    open(0);
    awaitParts(driver, AT_SECOND_GATE);
    kill(executors.get(1));
    open(1);

    assertEnds(driver, 0);
    output.assertTaught(2);
    output.assertNothingLeftAfterGc();
  }

  @Test
  void aDriverKilledMidStageLeavesTheVersionBeforeAndIsRedone() throws Exception {
    Process driver = teach(List.of(), GATE);
    awaitParts(driver, AT_GATE);
    output.assertUntouched();

    kill(driver.toHandle());

    assertEnds(driver, KILLED);
    awaitNoExecutors();
    output.assertUntouched();
    long dead = output.parts(2);
    assertThat(dead).isEqualTo(AT_GATE);
    Process again = teach(List.of());
    assertEnds(again, 0);
    assertThat(log).content().contains("Taking over output '", "(process " + driver.pid() + " on ");
    output.assertTaught(3);
    assertThat(output.parts(2)).isEqualTo(dead);
    output.assertNothingLeftAfterGc();
  }

  @Test
  void aDriverThatDiesBetweenDataAndPointerIsRedone() throws Exception {
    Process driver =
        teach(List.of(), StorageFault.once(Event.CREATE, "/[.]CURRENT[.]", Effect.HALT));

    assertEnds(driver, KILLED);
    assertThat(output.manifest(2)).exists();
    output.assertUntouched();
    awaitNoExecutors();
    assertEnds(teach(List.of()), 0);
    output.assertTaught(3);
    output.assertNothingLeftAfterGc();
  }

  @Test
  void aDriverThatDiesBehindThePointerHasDoneItsWork() throws Exception {
    Process driver = teach(List.of(), StorageFault.once(Event.RENAMED, "/CURRENT$", Effect.HALT));

    assertEnds(driver, KILLED);
    output.assertTaught(2);
    awaitNoExecutors();
    assertEnds(teach(List.of()), 0);
    assertThat(log).content().contains("already done");
    output.assertTaught(2);
    output.assertNothingLeftAfterGc();
  }

  /** A row that no executor survives must not be tried for ever. */
  @Test
  void aTaskThatKillsItsExecutorsEndsTheStage() throws Exception {
    Process driver =
        teach(
            List.of("spark.task.maxFailures=2"),
            new StorageFault(Event.CREATE, PARTS + "00007-", Effect.HALT, 0, 2));

    assertEnds(driver, 75);
    assertThat(folder.resolve("marks")).isDirectoryContaining("glob:**fault-0-1");
    assertThat(ForkedJvms.end(log))
        .contains(
            "lakestill teach: Stage teach was stopped: Job aborted due to stage failure: Task")
        .contains("failed 2 times", "Start again; if the logs of the executors tell of memory");
    output.assertUntouched();
    awaitNoExecutors();
    output.assertNothingLeftAfterGc();
  }

  /** The slow one ends when all is committed, and takes its file away. */
  @Test
  void aSlowTaskIsTriedTwiceAndKeptOnce() throws Exception {
    List<String> speculation =
        List.of(
            "spark.speculation=true",
            "spark.speculation.interval=100ms",
            "spark.speculation.quantile=0.5",
            "spark.speculation.minTaskRuntime=500ms");

    Process driver =
        teach(
            speculation,
            StorageFault.pausesOnce(Event.CLOSE, PARTS, 9_000),
            StorageFault.pausesOnce(Event.CREATE, "/[.]teach[.]json", 9_000));

    assertEnds(driver, 0);
    assertThat(folder.resolve("marks/fault-0-0")).exists();
    output.assertTaught(2);
    output.assertSound();
    output.assertNothingLeftAfterGc();
  }

  @Test
  void aTaskThatFindsADiskFullIsTriedElsewhere() throws Exception {
    Process driver =
        teach(
            List.of(),
            new StorageFault(Event.WRITE, PARTS, Effect.NO_SPACE, 0, 2),
            StorageFault.once(Event.CLOSE, PARTS, Effect.FAIL));

    assertEnds(driver, 0);
    assertThat(folder.resolve("marks")).isDirectoryContaining("glob:**fault-0-1");
    assertThat(folder.resolve("marks")).isDirectoryContaining("glob:**fault-1-0");
    output.assertTaught(2);
    output.assertSound();
    output.assertNothingLeftAfterGc();
  }

  @Test
  void aDiskThatStaysFullIsToBeTriedAgain() throws Exception {
    Process driver = teach(List.of(), StorageFault.always(Event.WRITE, PARTS, Effect.NO_SPACE));

    assertEnds(driver, 75);
    assertThat(ForkedJvms.end(log))
        .contains("lakestill teach: Stage teach failed: Cannot write '" + output.uri())
        .contains("No space left on device; check that the file system answers and has room");
    output.assertUntouched();
    awaitNoExecutors();
    output.assertNothingLeftAfterGc();
  }

  @Test
  void aTerminatedDriverGivesTheOutputBack() throws Exception {
    Process driver = teach(List.of(), GATE);
    awaitParts(driver, AT_GATE);
    assertThat(output.lease()).exists();

    driver.toHandle().destroy();

    assertEnds(driver, TERMINATED);
    assertThat(output.lease()).doesNotExist();
    output.assertUntouched();
    awaitNoExecutors();
    output.assertNothingLeftAfterGc();
  }

  /** ONNX Runtime lives in the driver then, and must not be entered while that ends. */
  @Test
  void aTerminatedDriverThatIsItsOwnExecutorEndsInOrder() throws Exception {
    Process driver = start(false, List.of(), SLOW);
    awaitParts(driver, 2);

    driver.toHandle().destroy();

    assertEnds(driver, TERMINATED);
    assertThat(output.lease()).doesNotExist();
    output.assertUntouched();
    output.assertNothingLeftAfterGc();
  }

  private Process teach(List<String> settings, StorageFault... faults) throws IOException {
    return start(true, settings, faults);
  }

  private Process start(boolean onCluster, List<String> settings, StorageFault... faults)
      throws IOException {
    log = folder.resolve("driver-%d.log".formatted(drivers.size()));
    List<String> all = new ArrayList<>(settings);
    all.addAll(StorageFault.settings(folder.resolve("marks"), List.of(faults)));
    Process driver =
        onCluster
            ? cluster.lakestill(log, all, output.teach())
            : cluster.lakestillAlone(log, all, output.teach());
    drivers.add(driver);
    return driver;
  }

  private void awaitParts(Process driver, long count) {
    await(() -> !driver.isAlive() || output.parts(2) >= count);
    assertThat(driver.isAlive()).as(() -> "it must still be at work: " + logs()).isTrue();
    assertThat(output.manifest(2)).as("it must still be at work").doesNotExist();
  }

  private void awaitNoExecutors() {
    await(() -> cluster.executors().isEmpty());
  }

  private void await(Callable<Boolean> condition) {
    try {
      Awaitility.await().atMost(PATIENCE).until(condition);
    } catch (ConditionTimeoutException e) {
      throw new AssertionError(logs() + stacks(), e);
    }
  }

  private void open(int gate) throws IOException {
    StorageFault.open(folder.resolve("marks"), gate);
  }

  private static void kill(ProcessHandle process) {
    assertThat(process.destroyForcibly()).isTrue();
  }

  private void assertEnds(Process driver, int exit) throws InterruptedException {
    boolean ended = driver.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    assertThat(ended).as(() -> "ended in time: " + logs() + stacks()).isTrue();
    assertThat(driver.exitValue()).as(this::logs).isEqualTo(exit);
  }

  private String stacks() {
    Stream<ProcessHandle> all =
        Stream.concat(drivers.stream().map(Process::toHandle), cluster.executors().stream());
    return ForkedJvms.stacks(all);
  }

  private String logs() {
    return "%n== driver%n%s%n%s".formatted(ForkedJvms.end(log), cluster.logs());
  }
}
