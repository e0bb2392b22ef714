package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.jobs.StorageFault.Effect;
import io.lakestill.jobs.StorageFault.Event;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * {@code teach} on a file system that is full, or whose renames and closes fail: it is to be tried
 * again, the message says where, and readers have the version before.
 */
class FaultyStorageTest {
  private static final String PARTS = "/v=2/part-00003-";
  private static final String UNKNOWN =
      "It is not known whether version 2 of signal table 'kdtest:";

  @TempDir static Path shared;

  private static GrowingPets pets;

  @TempDir Path folder;

  private GrowingPets.Output output;
  private List<String> settings = List.of();

  @BeforeAll
  static void teachFirst() throws IOException {
    pets = GrowingPets.taughtOnce(shared);
  }

  @AfterAll
  static void close() {
    if (pets != null) {
      pets.close();
    }
  }

  @BeforeEach
  void copyOutput() throws IOException {
    output = pets.copyTo(folder.resolve("out"));
  }

  @AfterEach
  void forgetFaults() {
    settings.forEach(setting -> System.clearProperty(key(setting)));
  }

  static Stream<Arguments> faults() {
    return Stream.of(
        Arguments.of(Event.WRITE, PARTS, Effect.NO_SPACE, "v=2/part-00003-", "No space left on"),
        Arguments.of(Event.CREATE, PARTS, Effect.NO_SPACE, "v=2/part-00003-", "No space left on"),
        Arguments.of(Event.CLOSE, PARTS, Effect.FAIL, "v=2/part-00003-", "does not answer"),
        Arguments.of(
            Event.CREATE, "/[.]manifest-v2", Effect.NO_SPACE, "manifest-v2.json'", "No space left"),
        Arguments.of(Event.RENAME, "/manifest-v2", Effect.REFUSE, "manifest-v2.json'", "rename"),
        Arguments.of(Event.CREATE, "/[.]CURRENT[.]", Effect.NO_SPACE, UNKNOWN, "No space left"),
        Arguments.of(Event.CLOSE, "/[.]CURRENT[.]", Effect.FAIL, UNKNOWN, "does not answer"),
        Arguments.of(Event.RENAME, "/CURRENT$", Effect.REFUSE, UNKNOWN, "Cannot rename"),
        Arguments.of(Event.RENAME, "/CURRENT$", Effect.FAIL, UNKNOWN, "does not answer"),
        Arguments.of(Event.CREATE, "/[.]lakestill-run", Effect.NO_SPACE, "Output '", "No space"));
  }

  @ParameterizedTest(name = "{2} at {0} of {1}")
  @MethodSource("faults")
  void isToBeTriedAgainAndReadersHaveTheVersionBefore(
      Event event, String path, Effect effect, String where, String why) throws IOException {
    CommandLineRun run = teach(StorageFault.always(event, path, effect));

    assertThat(run.exit()).as(run.err()).isEqualTo(75);
    assertThat(run.err()).contains("lakestill teach: ", where, why, "heck ", "room");
    output.assertUntouched();
    forgetFaults();
    CommandLineRun again = teach();
    assertThat(again.exit()).as(again.err()).isZero();
    output.assertRows();
    output.assertNothingLeftAfterGc();
  }

  /** The rename has happened although the file system says it has not. */
  @Test
  void aCommitThatIsReportedAsFailedIsFoundDone() throws IOException {
    CommandLineRun run = teach(StorageFault.once(Event.RENAMED, "/CURRENT$", Effect.FAIL));

    assertThat(run.exit()).as(run.err()).isEqualTo(75);
    assertThat(run.err()).contains(UNKNOWN, "a run that finds the work done does nothing.");
    CommandLineRun again = teach();
    assertThat(again.exit()).as(again.err()).isZero();
    output.assertTaught(2);
    output.assertNothingLeftAfterGc();
  }

  @Test
  void whatIsCommittedStaysWhenOnlyTheSummaryCannotBeWritten() throws IOException {
    CommandLineRun run =
        teach(StorageFault.always(Event.CREATE, "/[.]teach[.]json", Effect.NO_SPACE));

    assertThat(run.exit()).as(run.err()).isEqualTo(75);
    assertThat(run.err()).contains("teach.json': No space left on device");
    output.assertTaught(2);
    output.assertNothingLeftAfterGc();
  }

  private CommandLineRun teach(StorageFault... faults) throws IOException {
    Path marks = Files.createTempDirectory(folder, "marks");
    settings = StorageFault.settings(marks, List.of(faults));
    settings.forEach(
        setting -> System.setProperty(key(setting), setting.substring(key(setting).length() + 1)));
    CommandLineRun run = CommandLineRun.of(output.teach().toArray(String[]::new));
    if (faults.length > 0) {
      assertThat(marks).as("the fault must have happened").isNotEmptyDirectory();
    }
    return run;
  }

  private static String key(String setting) {
    return setting.substring(0, setting.indexOf('='));
  }
}
