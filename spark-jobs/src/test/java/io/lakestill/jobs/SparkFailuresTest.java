package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.error.Errors;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import java.io.IOException;
import org.apache.hadoop.security.AccessControlException;
import org.apache.spark.SparkException;
import org.apache.spark.memory.SparkOutOfMemoryError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Job 7 cancelled because SparkContext was shut down",
        "Cannot call methods on a stopped SparkContext.\nThis stopped SparkContext was created at:"
      })
  void aDriverWhoseSparkIsStoppedIsToBeTriedAgain(String said) {
    assertWorded(
        new SparkException("Job aborted", new IllegalStateException(said)),
        ExitCode.TRY_AGAIN,
        "Spark was stopped while stage teach ran: somebody, or the cluster's manager, ended the"
            + " application. What was committed before is as it was, and the same command goes on"
            + " from there.");
    assertThat(Failure.of(new IllegalStateException(said)).exitCode())
        .as("outside of a stage")
        .isEqualTo(ExitCode.TRY_AGAIN);
  }

  @Test
  void aRowThatIsTooLargeToBeReadIsNoDamage() {
    assertWorded(
        new SparkException(
            "Encountered error while reading file hdfs://lake/part-0.parquet. Details: ",
            new RuntimeException(
                "Cannot reserve additional contiguous bytes in the vectorized reader",
                new OutOfMemoryError("Java heap space"))),
        ExitCode.TRY_AGAIN,
        "Stage teach (reading 'hdfs://lake/part-0.parquet') ran out of memory. What was committed"
            + " before is as it was. Start again with more --executor-memory (--driver-memory in"
            + " local mode) or fewer cores for each executor; if a file is named, look for a row of"
            + " many megabytes in it.");
  }

  @Test
  void aScratchFolderThatIsFullIsNamedWithItsSetting() {
    IOException full = new IOException("No space left on device");
    full.setStackTrace(
        new StackTraceElement[] {
          frame("java.io.FileOutputStream"),
          frame("org.apache.spark.storage.TimeTrackingOutputStream"),
          frame("org.apache.spark.sql.execution.UnsafeExternalRowSorter")
        });

    assertWorded(
        new SparkException(
            "Job aborted due to stage failure: Lost task 0.3 in stage 3.0 (TID 9) (10.0.0.5"
                + " executor 7): java.io.IOException: No space left on device",
            full),
        ExitCode.TRY_AGAIN,
        "Stage teach failed: Spark cannot write to its scratch folder of executor 7 on 10.0.0.5: No"
            + " space left on device; make room there, or name a larger disk with --conf"
            + " spark.local.dir=FOLDER (SPARK_LOCAL_DIRS of standalone workers,"
            + " yarn.nodemanager.local-dirs on YARN), and start again. What was committed before is"
            + " as it was.");
  }

  /** Which Spark reports as a lack of memory. */
  @Test
  void aSpillThatFailsIsNoLackOfMemory() {
    RuntimeException worded =
        SparkFailures.worded(
            new SparkException(
                "Job aborted due to stage failure",
                new SparkOutOfMemoryError(
                    "error while calling spill() on o.a.s.u.Sorter@1 : No space left on device")),
            "teach");

    assertThat(Failure.of(worded).message())
        .contains("its scratch folder '", "': No space left on device; make room there");
  }

  @Test
  void aTableThatCannotBeReadWhileAShuffleIsWrittenIsNotTheScratchFolders() {
    IOException broken = new IOException("Input/output error");
    broken.setStackTrace(
        new StackTraceElement[] {
          frame("java.io.FileInputStream"),
          frame("org.apache.hadoop.fs.RawLocalFileSystem"),
          frame("org.apache.spark.shuffle.sort.UnsafeShuffleWriter")
        });

    assertWorded(
        new SparkException("Job aborted", broken),
        ExitCode.TRY_AGAIN,
        "Stage teach failed: Input/output error; check that the file system answers and has room,"
            + " and start again. What was committed before is as it was.");
  }

  private static StackTraceElement frame(String owner) {
    return new StackTraceElement(owner, "write", null, 1);
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
