package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunLeaseTest {
  private static final FileTime LONG_AGO = FileTime.from(Instant.now().minusSeconds(90));

  @TempDir Path folder;

  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
  private Path file;

  @BeforeEach
  void nameFile() {
    file = folder.resolve("out").resolve(RunLease.FILE);
  }

  @Test
  void isReleasedAtTheEnd() {
    RunLease lease = take("first", RunLease.REFRESH);
    assertThat(file).content().contains("\"first\"", "" + ProcessHandle.current().pid());

    lease.close();

    assertThat(file.getParent()).isEmptyDirectory();
    take("second", RunLease.REFRESH).close();
    assertThat(shown.toString(StandardCharsets.UTF_8)).isEmpty();
  }

  @Test
  void namesTheHolderToASecondRun() {
    try (RunLease first = take("first", RunLease.REFRESH)) {
      assertThatThrownBy(() -> take("second", RunLease.REFRESH))
          .isInstanceOfSatisfying(
              LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.HELD))
          .hasMessageContaining(folder.resolve("out").toString())
          .hasMessageContaining("run first (process " + ProcessHandle.current().pid() + " on ")
          .hasMessageContaining(", since 20");
      first.requireHeld();
    }
  }

  @Test
  void takesOverFromAProcessThatIsGone() throws Exception {
    Process gone = new ProcessBuilder("true").start();
    assertThat(gone.waitFor(10, TimeUnit.SECONDS)).isTrue();
    LeaseHolder here = LeaseHolder.here("dead");
    write(new LeaseHolder("dead", here.host(), here.processes(), gone.pid(), here.since()));

    try (RunLease lease = take("next", RunLease.REFRESH)) {
      lease.requireHeld();
      assertThat(file).content().contains("\"next\"");
      assertThat(shown.toString(StandardCharsets.UTF_8))
          .contains("Taking over output", "from run dead (process " + gone.pid());
    }
  }

  @Test
  void waitsForAHolderOnAnotherMachineUntilItHasNotWrittenForAMinute() throws IOException {
    write(new LeaseHolder("far", "elsewhere", "host", 1, Instant.EPOCH));
    assertThatThrownBy(() -> take("next", RunLease.REFRESH))
        .hasMessageContaining("held by run far (process 1 on elsewhere, since 1970");
    assertThat(file.getParent()).isDirectoryNotContaining("glob:**next");

    Files.setLastModifiedTime(file, LONG_AGO);

    try (RunLease lease = take("next", RunLease.REFRESH)) {
      lease.requireHeld();
      assertThat(shown.toString(StandardCharsets.UTF_8)).contains("on elsewhere");
    }
  }

  @Test
  void treatsALeaseThatCannotBeReadAsHeldWhileItIsYoung() throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "");
    assertThatThrownBy(() -> take("next", RunLease.REFRESH))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.HELD));

    Files.setLastModifiedTime(file, LONG_AGO);

    take("next", RunLease.REFRESH).close();
  }

  @Test
  void isWrittenAnewWhileTheRunLasts() throws IOException {
    try (RunLease lease = take("long", Duration.ofMillis(20))) {
      Files.setLastModifiedTime(file, LONG_AGO);

      Awaitility.await()
          .untilAsserted(() -> assertThat(Files.getLastModifiedTime(file)).isGreaterThan(LONG_AGO));
      lease.requireHeld();
    }
  }

  @Test
  void loserOfATakeoverNoticesAndTouchesNothing() throws IOException {
    RunLease slow = take("slow", Duration.ofMillis(20));
    write(LeaseHolder.here("quick"));

    assertThatThrownBy(slow::requireHeld)
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.HELD))
        .hasMessageContaining("run quick");
    slow.close();

    assertThat(file).content().contains("\"quick\"");
  }

  /** Another run took it over, ended and gave it back while this one stood still. */
  @Test
  void whoFindsItGoneHasLostItForGood() throws IOException {
    RunLease slow = take("slow", Duration.ofMillis(20));
    Files.delete(file);

    assertThatThrownBy(slow::requireHeld)
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.HELD))
        .hasMessageContaining("was taken over by another run, since this one stood still")
        .hasMessageContaining("Start again");
    write(LeaseHolder.here("slow"));
    assertThatThrownBy(slow::requireHeld).isInstanceOf(LakestillException.class);
    assertThat(slow.isHeld()).isFalse();
    slow.close();
  }

  @Test
  void aRefreshNeverMakesItAgain() throws IOException {
    RunLease lost = take("lost", Duration.ofMillis(5));
    for (int i = 0; i < 50; i++) {
      write(LeaseHolder.here("lost"));
      Files.delete(file);
      Awaitility.await()
          .during(Duration.ofMillis(12))
          .untilAsserted(() -> assertThat(file).doesNotExist());
    }
    lost.close();
  }

  @Test
  void nothingIsDoneByARunThatHasGivenItBack() {
    RunLease lease = take("first", RunLease.REFRESH);
    lease.close();

    List<String> done = new ArrayList<>();
    assertThatThrownBy(() -> lease.whileHeld(() -> done.add("step")))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.HELD))
        .hasMessageContaining("was given back, since this process ends");
    assertThat(done).isEmpty();
  }

  /** As the end of a process would, beside its last step. */
  @Test
  void isNotGivenBackWhileAStepIsDone() throws Exception {
    RunLease lease = take("first", RunLease.REFRESH);
    Thread end = new Thread(lease::close);

    lease.whileHeld(
        () -> {
          end.start();
          Awaitility.await()
              .during(Duration.ofMillis(200))
              .untilAsserted(() -> assertThat(file).exists());
        });

    end.join(10_000);
    assertThat(file).doesNotExist();
  }

  @Test
  void ofManyThatTakeOverFromADeadRunOneHasIt() throws Exception {
    Process gone = new ProcessBuilder("true").start();
    assertThat(gone.waitFor(10, TimeUnit.SECONDS)).isTrue();
    LeaseHolder here = LeaseHolder.here("dead");
    ExecutorService threads = Executors.newFixedThreadPool(8);
    for (int round = 0; round < 20; round++) {
      write(new LeaseHolder("dead", here.host(), here.processes(), gone.pid(), here.since()));
      List<Future<Optional<RunLease>>> tries = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        String run = "run-" + i;
        tries.add(threads.submit(() -> taken(run)));
      }
      List<RunLease> leases = new ArrayList<>();
      for (Future<Optional<RunLease>> one : tries) {
        one.get(1, TimeUnit.MINUTES).ifPresent(leases::add);
      }
      assertThat(leases.stream().filter(RunLease::isHeld)).hasSizeLessThanOrEqualTo(1);
      leases.forEach(RunLease::close);
      Files.deleteIfExists(file);
    }
    threads.shutdown();
    assertThat(shown.toString(StandardCharsets.UTF_8)).doesNotContain("a run without name");
  }

  private Optional<RunLease> taken(String run) {
    try {
      return Optional.of(take(run, RunLease.REFRESH));
    } catch (LakestillException e) {
      assertThat(e.exitCode()).isEqualTo(ExitCode.HELD);
      return Optional.empty();
    }
  }

  @Test
  void putsBackALeaseThatIsNotTheOneItHasSeen() throws IOException {
    write(LeaseHolder.here("seen"));
    LeaseFile lease =
        LeaseFile.of(new org.apache.hadoop.fs.Path(file.toUri()), new Configuration());
    LeaseFile.Seen seen = lease.read();
    write(LeaseHolder.here("other"));

    assertThat(lease.takeAway(seen)).isFalse();

    assertThat(file).content().contains("\"other\"");
    assertThat(lease.takeAway(lease.read())).isTrue();
    assertThat(file.getParent()).isEmptyDirectory();
    Path left = Files.writeString(file.resolveSibling(".lakestill-clock-1"), "");
    lease.sweep(RunLease.EXPIRY);
    assertThat(left).as("may be of a run that looks just now").exists();
    Files.setLastModifiedTime(left, LONG_AGO);
    lease.sweep(RunLease.EXPIRY);
    assertThat(file.getParent()).isEmptyDirectory();
  }

  @Test
  void refusesAnOutputBelowAFile() throws IOException {
    Files.writeString(folder.resolve("out"), "a file");

    assertThatThrownBy(() -> take("first", RunLease.REFRESH))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessageContaining("Output '")
        .hasMessageContaining("cannot be written")
        .hasMessageContaining("correct the path");
  }

  private void write(LeaseHolder holder) throws IOException {
    Files.createDirectories(file.getParent());
    // As a run does it: another reader never sees half of it.
    Path whole = Files.writeString(folder.resolve("lease"), holder.toJson());
    Files.move(whole, file, StandardCopyOption.REPLACE_EXISTING);
  }

  private RunLease take(String run, Duration refresh) {
    OutputFolder output =
        new OutputFolder(new org.apache.hadoop.fs.Path(folder.resolve("out").toUri()));
    Console console = new Console(new PrintStream(shown, true, StandardCharsets.UTF_8), false);
    return RunLease.take(Leased.output(output), run, new Configuration(), console, refresh);
  }
}
