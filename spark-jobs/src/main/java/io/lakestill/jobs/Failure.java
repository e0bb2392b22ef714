package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.error.Secrets;
import io.lakestill.error.TrainingErrors;
import java.util.Optional;

/**
 * How a command failed: what a scheduler reads and what a person reads.
 *
 * @param exitCode the outcome
 * @param message what happened, with its causes, and without secrets
 */
record Failure(ExitCode exitCode, String message) {
  Failure {
    message = Secrets.redacted(message);
  }

  /** Our own error if there is one among the causes, else all that is known of the fault. */
  static Failure of(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof LakestillException known) {
        return new Failure(known.exitCode(), known.getMessage());
      }
    }
    if (SparkFailures.isStop(thrown)) {
      return of(TrainingErrors.sparkStopped("it worked", Optional.empty(), thrown));
    }
    Optional<LakestillException> lacking =
        ScratchDisk.fault(thrown, "The run failed")
            .or(() -> SparkFailures.outOfMemory(thrown, "The run"));
    if (lacking.isPresent()) {
      return new Failure(lacking.get().exitCode(), lacking.get().getMessage());
    }
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (StorageFaults.isAccess(cause)) {
        return new Failure(
            ExitCode.BAD_RECIPE,
            chain(thrown) + "; correct the path, or give this user the rights it needs there.");
      }
    }
    if (SparkFailures.isLoss(thrown)) {
      return new Failure(ExitCode.TRY_AGAIN, Errors.stopped("The run", thrown).getMessage());
    }
    if (SparkFailures.storageFault(thrown).isPresent()) {
      return new Failure(
          ExitCode.TRY_AGAIN,
          chain(thrown)
              + "; check that the file system answers and has room, and start again. What was"
              + " committed before is as it was.");
    }
    return new Failure(ExitCode.INTERNAL, chain(thrown));
  }

  /** The first line of the fault and of every cause that adds something to it. */
  private static String chain(Throwable thrown) {
    String text = "";
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      String line = firstLine(cause);
      if (!text.contains(line)) {
        text += (text.isEmpty() ? "" : ": ") + line;
      }
    }
    return text;
  }

  private static String firstLine(Throwable thrown) {
    String message = thrown.getMessage();
    return message == null || message.isBlank()
        ? thrown.getClass().getSimpleName()
        : message.strip().lines().findFirst().orElseThrow();
  }
}
