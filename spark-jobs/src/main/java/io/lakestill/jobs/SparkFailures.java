package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.error.TrainingErrors;
import java.io.IOException;
import java.io.ObjectStreamException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.parquet.io.ParquetDecodingException;
import org.apache.spark.SparkException;

/** Finds in the failure of a Spark job what a person can act on. */
final class SparkFailures {
  /** How Spark says that a file could not be read, when Parquet itself did not notice. */
  private static final String READING = "Encountered error while reading file";

  private static final Pattern FILE_READ = Pattern.compile(READING + " (\\S+?)[.]?(\\s|$)");

  /** How its Parquet reader says that a batch of rows has no room. */
  private static final String TOO_LARGE = "Cannot reserve additional contiguous bytes";

  /** How Spark says that nobody is left to do the work. */
  private static final List<String> LOSSES = List.of("ExecutorLostFailure");

  /** How Spark says that it was stopped itself. */
  private static final List<String> STOPS =
      List.of(
          "SparkContext was shut down", "SparkContext has been shutdown", "stopped SparkContext");

  private SparkFailures() {}

  /**
   * @param failure what a stage threw; Spark's Scala throws checked exceptions it does not declare
   * @param stage its name
   * @return our own error if a task or the driver threw one, an error about damaged files, a file
   *     system or lost executors if that is the cause, else the failure itself
   */
  static RuntimeException worded(Exception failure, String stage) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof LakestillException known) {
        return known;
      }
    }
    Optional<LakestillException> scratch = ScratchDisk.fault(failure, "Stage " + stage + " failed");
    if (scratch.isPresent()) {
      return scratch.get();
    }
    Optional<LakestillException> memory = outOfMemory(failure, "Stage " + stage);
    if (memory.isPresent()) {
      return memory.get();
    }
    if (isDamage(failure)) {
      return Errors.badInput(
          "Stage %s met a damaged Parquet file: %s. Restore the file and start again."
              .formatted(stage, chain(failure)),
          failure);
    }
    if (isStop(failure)) {
      return TrainingErrors.sparkStopped(
          "stage %s ran".formatted(stage), Optional.empty(), failure);
    }
    Optional<IOException> fault = storageFault(failure);
    if (fault.isPresent()) {
      return StorageFaults.failed("Stage " + stage + " failed" + place(failure), fault.get());
    }
    if (isLoss(failure)) {
      return Errors.stopped("Stage " + stage, failure);
    }
    return failure instanceof RuntimeException unchecked
        ? unchecked
        : new IllegalStateException("Stage %s failed: %s".formatted(stage, failure), failure);
  }

  /** What could not be read or written, where our own code says it around the cause. */
  private static String place(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof UncheckedIOException said
          && !said.getCause().toString().equals(said.getMessage())) {
        return ": " + said.getMessage();
      }
    }
    return "";
  }

  /** True when Spark gave up because of executors that died. */
  static boolean isLoss(Throwable failure) {
    return says(failure, LOSSES);
  }

  /** True when the Spark application ended under its driver. */
  static boolean isStop(Throwable failure) {
    return says(failure, STOPS);
  }

  private static boolean says(Throwable failure, List<String> words) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      if (words.stream().anyMatch(message::contains)) {
        return true;
      }
    }
    return false;
  }

  /** What a file system did that is no matter of rights, if that is the cause. */
  static Optional<IOException> storageFault(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof IOException fault && !(cause instanceof ObjectStreamException)) {
        return Optional.of(fault);
      }
    }
    return Optional.empty();
  }

  /**
   * An error about memory, if the lack of it is the cause. A row that is too large to be read fails
   * otherwise as a damaged file does.
   *
   * @param what ran out of it
   */
  static Optional<LakestillException> outOfMemory(Throwable failure, String what) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      if (cause instanceof OutOfMemoryError
          || message.contains(OutOfMemoryError.class.getName())
          || message.contains(TOO_LARGE)) {
        return Optional.of(Errors.outOfMemory(what + file(failure), failure));
      }
    }
    return Optional.empty();
  }

  /** The file that was being read, where Spark says so. */
  private static String file(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      Matcher read = FILE_READ.matcher(String.valueOf(cause.getMessage()));
      if (read.find()) {
        return " (reading '" + read.group(1) + "')";
      }
    }
    return "";
  }

  /** True when a Parquet file could not be decoded, whatever of it was hit. */
  static boolean isDamage(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof ParquetDecodingException
          || String.valueOf(cause.getMessage()).contains(READING)) {
        return true;
      }
    }
    return false;
  }

  private static String chain(Throwable failure) {
    StringBuilder text = new StringBuilder();
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (!(cause instanceof SparkException) || cause.getCause() == null) {
        String line = String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
        text.append(text.isEmpty() ? "" : ": ").append(line);
      }
    }
    return text.toString();
  }
}
