package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.Errors;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.recipe.ProjectionMethod;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.Slice;
import io.lakestill.signal.codec.Int8;
import io.lakestill.signal.projection.Projection;
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
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  /** A manifest above the current one may be a version that somebody went back from. */
  @Test
  void aCommitAfterGoingBackKeepsTheVersionThatWasLeft() {
    commit("a").put(alone("d1", "basis"), Optional.empty(), HELD);
    SignalManifest second = commit("b").put(alone("d2", "basis"), table.current(), HELD);
    table.pointTo(1);

    SignalManifest third = commit("c").put(alone("d3", "basis"), table.current(), HELD);

    assertThat(third.version()).isEqualTo(3);
    assertThat(third.dates()).containsExactly("d1", "d3");
    assertThat(table.manifest(2)).isEqualTo(second);
  }

  /** Behind a later version it would pass for one that somebody has read. */
  @Test
  void aManifestWhosePointerNeverMovedGoesWithTheNextCommit() {
    SignalManifest first = commit("a").put(alone("d1", "basis"), Optional.empty(), HELD);
    int claimed = table.numbers().claim();
    table.write(first.next(claimed, "2026-11-21T00:00:00Z", "dead", first.slices()));

    SignalManifest third = commit("c").put(alone("d2", "basis"), table.current(), HELD);

    assertThat(third.version()).isEqualTo(3);
    assertThat(table.versions()).containsExactly(1, 3);
  }

  /** Its run died behind the pointer, before it could give up the claim. */
  @Test
  void theCurrentVersionStaysThoughItsClaimIsLeft() {
    SignalManifest first = commit("a").put(alone("d1", "basis"), Optional.empty(), HELD);
    int claimed = table.numbers().claim();
    table.write(first.next(claimed, "2026-11-21T00:00:00Z", "dead", first.slices()));
    table.pointTo(claimed);

    commit("c").put(alone("d2", "basis"), table.current(), HELD);
    commit("d").put(alone("d3", "basis"), table.current(), HELD);

    assertThat(table.versions()).containsExactly(1, 2, 3, 4);
  }

  /** Asked first before the manifest is written, then behind it: then that is taken back. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void whoHasLostTheDateCommitsNothing(int question) {
    SignalManifest first = commit("a").put(alone("d1", "basis"), Optional.empty(), HELD);
    AtomicInteger asked = new AtomicInteger();
    Runnable lost =
        () -> {
          if (asked.incrementAndGet() == question) {
            throw Errors.held("Date d2", "run c", "");
          }
        };

    assertThatThrownBy(() -> commit("b").put(alone("d2", "basis"), table.current(), lost))
        .hasMessage("Date d2 is held by run c; wait for it to end.");

    assertThat(table.current()).hasValue(first);
    assertThat(table.versions()).containsExactly(1);
  }

  @Test
  void aStragglerWithAnotherBasisDiscardsNothingItHasNotSeen() {
    Optional<SignalManifest> seen =
        Optional.of(commit("a").put(alone("d1", "old"), Optional.empty(), HELD));
    commit("b").put(alone("d1", "new"), table.current(), HELD);
    SignalManifest current = commit("c").put(alone("d2", "new"), table.current(), HELD);

    assertThatThrownBy(() -> commit("late").put(alone("d3", "old"), seen, HELD))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.TRY_AGAIN))
        .hasMessageContaining("Another run has meanwhile committed version 3 of signal table '")
        .hasMessageContaining("start again");
    assertThat(table.current()).hasValue(current);
  }

  @Test
  void aVersionWhoseProjectorIsGoneIsNotCommitted() {
    SignalManifest alone =
        alone(
            Optional.of("d1"),
            "basis",
            new SignalColumn("logits", 3),
            new SignalColumn(
                "embedding",
                List.of(3),
                new Int8(),
                Optional.of(
                    new Projection(
                        ProjectionMethod.RANDOM, List.of(9), "a".repeat(64), Optional.empty()))));

    assertThatThrownBy(() -> commit("a").put(alone, Optional.empty(), HELD))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.TRY_AGAIN))
        .hasMessageContaining("Projector '")
        .hasMessageContaining("is missing; nothing of this run was kept. Start again.");
    assertThat(table.versions()).isEmpty();
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
    SignalManifest other =
        alone(Optional.of("d2"), "basis", new SignalColumn("logits", List.of(3), new Int8()));

    assertThatThrownBy(() -> commit("b").put(other, seen, HELD))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.TRY_AGAIN))
        .hasMessageContaining("with projectors of its own")
        .hasMessageContaining("Start again");
    assertThat(table.current().orElseThrow().dates()).containsExactly("d1");
  }

  @Test
  void aSliceIsReplacedOrDroppedOnlyWhileItIsThere() {
    SignalManifest first = commit("a").put(alone("d1", "basis"), Optional.empty(), HELD);
    Slice old = first.slices().get(0);
    Slice with = slice(Optional.of("d1"), 5);

    assertThat(commit("b").replace(old, with, HELD).orElseThrow().slices()).containsExactly(with);
    assertThat(commit("c").replace(old, with, HELD)).isEmpty();
    assertThat(commit("d").drop(old, HELD)).as("another is there").isEmpty();
    assertThat(table.current().orElseThrow().version()).as("not below its folders").isEqualTo(5);
    assertThat(commit("e").drop(with, HELD).orElseThrow().slices()).isEmpty();
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
    return alone(date, basis, new SignalColumn("logits", 3));
  }

  private static SignalManifest alone(
      Optional<String> date, String basis, SignalColumn... signals) {
    return new SignalManifest(
        1,
        "2026-11-21T10:15:00Z",
        "run",
        "0",
        new SignalManifest.Teacher("tea", "0"),
        "p",
        List.of(signals),
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
