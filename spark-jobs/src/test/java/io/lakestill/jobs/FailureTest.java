package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.error.Errors;
import io.lakestill.error.ExitCode;
import io.lakestill.error.TrainingErrors;
import io.lakestill.io.StoredFile;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.security.AccessControlException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FailureTest {
  @TempDir Path folder;

  @Test
  void saysTheCauseOfAWrappedFault() {
    Failure failure =
        Failure.of(
            new UncheckedIOException("Cannot write 'a'", new IOException("No space left\nat all")));

    assertThat(failure.exitCode()).isEqualTo(ExitCode.TRY_AGAIN);
    assertThat(failure.message())
        .startsWith("Cannot write 'a': No space left; check that the file system answers and has");
  }

  @Test
  void namesAFaultWithoutAMessage() {
    assertThat(Failure.of(new NullPointerException()).message()).isEqualTo("NullPointerException");
  }

  @Test
  void whatJavaCannotSerialiseIsNoFaultOfAFileSystem() {
    Failure failure =
        Failure.of(new IllegalStateException("odd", new NotSerializableException("Thing")));

    assertThat(failure).isEqualTo(new Failure(ExitCode.INTERNAL, "odd: Thing"));
  }

  @Test
  void findsOurOwnErrorAmongTheCauses() {
    Failure failure =
        Failure.of(new IllegalStateException("job failed", Errors.badInput("Table 't' is odd.")));

    assertThat(failure).isEqualTo(new Failure(ExitCode.BAD_INPUT, "Table 't' is odd."));
  }

  @Test
  void missingRightsAreForThePersonToCorrect() {
    Failure failure =
        Failure.of(
            new UncheckedIOException(
                "Cannot write 'hdfs://n/out/a'",
                new AccessControlException("Permission denied: user=me, access=WRITE")));

    assertThat(failure.exitCode()).isEqualTo(ExitCode.BAD_RECIPE);
    assertThat(failure.message())
        .startsWith("Cannot write 'hdfs://n/out/a': Permission denied: user=me, access=WRITE;")
        .endsWith("give this user the rights it needs there.");
  }

  @Test
  void aFailedSummaryDoesNotHideTheFirstFault() throws IOException {
    StoredFile unwritable =
        new StoredFile(
            new org.apache.hadoop.fs.Path(
                Files.writeString(folder.resolve("file"), "").resolve("run.json").toUri()),
            new Configuration());
    RunSummary summary = new RunSummary("run");
    summary.failed(TrainingErrors.diverged(1, 2, Double.NaN, Optional.empty()));
    RunSummary sound = new RunSummary("run");
    sound.done();

    summary.write(unwritable);
    sound.write(unwritable);

    assertThat(summary.finish()).isEqualTo(ExitCode.DIVERGED.code());
    assertThat(sound.finish()).isEqualTo(ExitCode.BAD_RECIPE.code());
    assertThat(sound.json().get("error").asText()).contains("run.json'", "correct the path");
  }
}
