package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkEnv;
import org.apache.spark.memory.SparkOutOfMemoryError;
import org.apache.spark.util.Utils;

/**
 * The folder where Spark keeps what a shuffle carries and what memory does not hold. When it is
 * full, what Spark throws names neither the folder nor the setting.
 */
final class ScratchDisk {
  /** Whose code was at work; Spark's writers of shuffles, spills and blocks write nowhere else. */
  private static final Pattern OWNERS =
      Pattern.compile("(org[.]apache[.](spark|hadoop|parquet)|io[.]lakestill)[.].*");

  private static final Pattern WRITERS =
      Pattern.compile("org[.]apache[.]spark[.](storage|shuffle|util[.]collection|util[.]Utils).*");

  /** How Spark says that memory lacked because a spill failed; its cause is in the text alone. */
  private static final Pattern SPILL =
      Pattern.compile("error while calling spill\\(\\) on \\S+ : (.*)", Pattern.DOTALL);

  private static final Pattern LOST_TASK = Pattern.compile("\\((\\S+) executor (\\S+)\\): ");
  private static final String IN_DRIVER = "driver";

  private ScratchDisk() {}

  /**
   * An error about the folder, if it is the cause.
   *
   * @param what failed
   */
  static Optional<LakestillException> fault(Throwable failure, String what) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      Optional<String> reason = reason(cause);
      if (reason.isPresent()) {
        return Optional.of(
            Errors.scratchDisk(
                what, folder(String.valueOf(failure.getMessage())), reason.get(), failure));
      }
    }
    return Optional.empty();
  }

  private static Optional<String> reason(Throwable cause) {
    String message = String.valueOf(cause.getMessage());
    if (cause instanceof SparkOutOfMemoryError) {
      Matcher spill = SPILL.matcher(message);
      return spill.find() ? Optional.of(spill.group(1)) : Optional.empty();
    }
    boolean writing =
        cause instanceof IOException
            && Arrays.stream(cause.getStackTrace())
                .map(StackTraceElement::getClassName)
                .filter(name -> OWNERS.matcher(name).matches())
                .findFirst()
                .filter(name -> WRITERS.matcher(name).matches())
                .isPresent();
    return writing ? Optional.of(message) : Optional.empty();
  }

  /** Whose folder; of this process its path is known. */
  private static String folder(String message) {
    Matcher lost = LOST_TASK.matcher(message);
    if (lost.find() && !lost.group(2).equals(IN_DRIVER)) {
      return "of executor %s on %s".formatted(lost.group(2), lost.group(1));
    }
    return "'%s'".formatted(String.join("' or '", folders()));
  }

  private static List<String> folders() {
    return SparkEnv.get() == null
        ? List.of(System.getProperty("java.io.tmpdir"))
        : List.of(Utils.getConfiguredLocalDirs(SparkEnv.get().conf()));
  }
}
