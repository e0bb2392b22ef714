package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.error.Errors;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import java.io.IOException;
import org.apache.hadoop.security.AccessControlException;
import org.apache.spark.SparkException;
import org.junit.jupiter.api.Test;

class SparkFailuresTest {
  @Test
  void whatATaskSaysItselfCounts() {
    LakestillException bad = Errors.badInput("Model 'm' failed.");

    assertThat(SparkFailures.worded(new SparkException("Job aborted", bad), "teach")).isSameAs(bad);
  }

  @Test
  void aFullDiskIsToBeTriedAgainAndNamesTheFile() {
    IOException full = new IOException("Cannot write '/out/part-1': No space left on device");

    assertWorded(
        new SparkException("Job aborted due to stage failure", full),
        ExitCode.TRY_AGAIN,
        "Stage teach failed: Cannot write '/out/part-1': No space left on device; check that the"
            + " file system answers and has room, and start again. What was committed before is as"
            + " it was.");
  }

  @Test
  void missingRightsAreForThePersonToCorrectWhereverTheyAreMissed() {
    IOException wrapped =
        new IOException(
            "Cannot write '/out/part-1': denied", new AccessControlException("user=me"));

    assertWorded(
        new SparkException("Job aborted", wrapped),
        ExitCode.BAD_RECIPE,
        "Stage teach failed: Cannot write '/out/part-1': denied; correct the path, or give this"
            + " user the rights it needs there.");
  }

  @Test
  void executorsThatDieAgainAndAgainAreToBeTriedAgain() {
    assertWorded(
        new SparkException(
            "Job aborted due to stage failure: Task 3 in stage 5.0 failed 4 times, most recent"
                + " failure: Lost task 3.3: ExecutorLostFailure (executor 4 exited)\nDriver"
                + " stacktrace:"),
        ExitCode.TRY_AGAIN,
        "Stage teach was stopped: Job aborted due to stage failure: Task 3 in stage 5.0 failed 4"
            + " times, most recent failure: Lost task 3.3: ExecutorLostFailure (executor 4"
            + " exited). What was committed before is as it was. Start again; if the logs of the"
            + " executors tell of memory, with more --executor-memory.");
  }

  @Test
  void aDriverThatIsStoppedIsToBeTriedAgain() {
    RuntimeException stopped =
        SparkFailures.worded(
            new SparkException("Job 7 cancelled because SparkContext was shut down"), "teach");

    assertThat(Failure.of(stopped).exitCode()).isEqualTo(ExitCode.TRY_AGAIN);
  }

  @Test
  void anythingElseIsLeftAsItIs() {
    RuntimeException bug = new IllegalStateException("odd");

    assertThat(SparkFailures.worded(bug, "teach")).isSameAs(bug);
  }

  private static void assertWorded(Exception failure, ExitCode exit, String message) {
    RuntimeException worded = SparkFailures.worded(failure, "teach");
    assertThat(Failure.of(worded)).isEqualTo(new Failure(exit, message));
  }
}
