package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.Errors;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.Slice;
import io.lakestill.signal.codec.Int8;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that commit at the same time never undo one another. */
class TableCommitTest {
  private static final Runnable HELD = () -> {};

  @TempDir private Path folder;
  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
  private SignalTable table;

  @BeforeEach
  void open() {
    table = new SignalTable(new org.apache.hadoop.fs.Path(folder.toUri()), new Configuration());
  }

  @Test
  void everyOneOfManyCommitsAtTheSameTimeIsThereAtTheEnd() throws Exception {
    int runs = 16;
    ExecutorService threads = Executors.newFixedThreadPool(8);
    List<Future<SignalManifest>> commits = new ArrayList<>();
    for (int i = 0; i < runs; i++) {
      String date = "2026-11-%02d".formatted(i + 1);
      commits.add(
          threads.submit(
              () -> commit("run-" + date).put(alone(date, "basis"), Optional.empty(), HELD)));
    }
    for (Future<SignalManifest> commit : commits) {
      commit.get(3, TimeUnit.MINUTES);
    }
    threads.shutdown();

    SignalManifest current = table.current().orElseThrow();
    assertThat(current.dates()).hasSize(runs);
    assertThat(current.version()).isEqualTo(runs);
    assertThat(table.versions()).hasSize(runs);
    assertThat(folder.resolve("_lakestill/leases")).isEmptyDirectory();
  }

  /** Behind a later version it would pass for one that somebody has read. */
  @Test
  void aManifestWhosePointerNeverMovedGoesWithTheNextCommit() {
    SignalManifest first = commit("a").put(alone("d1", "basis"), Optional.empty(), HELD);
    table.write(first.next(2, "2026-11-21T00:00:00Z", "dead", first.slices()));

    SignalManifest third = commit("c").put(alone("d2", "basis"), table.current(), HELD);

    assertThat(third.version()).isEqualTo(3);
    assertThat(table.versions()).containsExactly(1, 3);
  }

  @Test
  void aSliceTakesThePlaceOfTheOneOfItsDate() {
    commit("a").put(alone("d1", "basis"), Optional.empty(), HELD);
    commit("b").put(alone("d2", "basis"), Optional.empty(), HELD);
    SignalManifest third = commit("c").put(alone("d1", "basis"), table.current(), HELD);

    assertThat(third.dates()).containsExactly("d1", "d2");
    assertThat(third.runId()).isEqualTo("c");
    assertThat(table.current()).hasValue(third);
  }

  @Test
  void anotherBasisBeginsAnewAndSaysHowManyDatesAreLeft() {
    commit("a").put(alone("d1", "basis"), Optional.empty(), HELD);
    commit("b").put(alone("d2", "basis"), table.current(), HELD);
    commit("c").put(alone("d3", "basis"), table.current(), HELD);

    SignalManifest other = commit("d").put(alone("d2", "other"), table.current(), HELD);

    assertThat(other.dates()).containsExactly("d2");
    assertThat(shown.toString(StandardCharsets.UTF_8))
        .contains("begins anew with d2")
        .contains("version 3; of its dates 2 are left to teach");
    assertThat(commit("e").put(alone("d1", "other"), table.current(), HELD).dates())
        .containsExactly("d1", "d2");
  }

  @Test
  void aTableWithoutDatesHasOneSliceWhateverWasThere() {
    commit("a").put(alone("d1", "basis"), Optional.empty(), HELD);
    SignalManifest whole = commit("b").put(alone(Optional.empty(), "basis"), table.current(), HELD);
    assertThat(whole.slices()).singleElement().extracting(Slice::date).isEqualTo(Optional.empty());
    assertThat(commit("c").put(alone("d1", "basis"), table.current(), HELD).slices()).hasSize(1);
  }

  @Test
  void firstSlicesWithDifferentProjectorsAreNotMixed() {
    Optional<SignalManifest> seen = table.current();
    commit("a").put(alone("d1", "basis"), seen, HELD);
    SignalManifest same = alone("d2", "basis");
    SignalManifest other =
        new SignalManifest(
            same.version(),
            same.created(),
            same.runId(),
            same.codeVersion(),
            same.teacher(),
            same.preprocessing(),
            List.of(new SignalColumn("logits", List.of(3), new Int8())),
            same.classes(),
            same.views(),
            same.basis(),
            same.slices());

    assertThatThrownBy(() -> commit("b").put(other, seen, HELD))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.TRY_AGAIN))
        .hasMessageContaining("with projectors of its own")
        .hasMessageContaining("Start again");
    assertThat(table.current().orElseThrow().dates()).containsExactly("d1");
  }

  @Test
  void whoHasLostTheDateCommitsNothing() {
    SignalManifest first = commit("a").put(alone("d1", "basis"), Optional.empty(), HELD);

    assertThatThrownBy(
            () ->
                commit("b")
                    .put(
                        alone("d2", "basis"),
                        table.current(),
                        () -> {
                          throw Errors.held("Date d2", "run c", "");
                        }))
        .hasMessage("Date d2 is held by run c; wait for it to end.");

    assertThat(table.current()).hasValue(first);
    assertThat(table.versions()).containsExactly(1);
  }

  @Test
  void aSliceIsReplacedOrDroppedOnlyWhileItIsThere() {
    SignalManifest first = commit("a").put(alone("d1", "basis"), Optional.empty(), HELD);
    Slice old = first.slices().get(0);
    Slice with = slice(Optional.of("d1"), 5);

    assertThat(commit("b").replace(old, with, HELD).orElseThrow().slices()).containsExactly(with);
    assertThat(commit("c").replace(old, with, HELD)).isEmpty();
    assertThat(commit("d").drop("d7", HELD)).isEmpty();
    assertThat(table.current().orElseThrow().version()).as("not below its folders").isEqualTo(5);
    assertThat(commit("e").drop("d1", HELD).orElseThrow().slices()).isEmpty();
    assertThat(table.current().orElseThrow().version()).isEqualTo(6);
  }

  private TableCommit commit(String runId) {
    Console console = new Console(new PrintStream(shown, true, StandardCharsets.UTF_8), false);
    return new TableCommit(table, new TableLeases(table, runId, console));
  }

  private static SignalManifest alone(String date, String basis) {
    return alone(Optional.of(date), basis);
  }

  private static SignalManifest alone(Optional<String> date, String basis) {
    return new SignalManifest(
        1,
        "2026-11-21T10:15:00Z",
        "run",
        "0",
        new SignalManifest.Teacher("tea", "0"),
        "p",
        List.of(new SignalColumn("logits", 3)),
        List.of("a", "b", "c"),
        new SignalManifest.Views(1, 1),
        Optional.of(basis),
        List.of(slice(date, 1)));
  }

  private static Slice slice(Optional<String> date, int number) {
    return new Slice(
        date, number, "run", "f" + date, List.of(), List.of(), List.of(), List.of(), 0);
  }
}
