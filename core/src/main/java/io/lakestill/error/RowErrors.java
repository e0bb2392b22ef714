package io.lakestill.error;

import java.nio.file.Path;

/** What can go wrong with where packed training rows are kept. */
public final class RowErrors {
  private RowErrors() {}

  /** Spark gives the rows on the heap no place in its storage memory, or no longer. */
  public static LakestillException doNotFit(long bytes) {
    return Errors.badRecipe(
        ("Spark's storage memory has no room on an executor for %d MiB of packed rows; lower"
                + " train.memory, so that more of them lie on the local disk, or give"
                + " --executor-memory (--driver-memory in local mode) more.")
            .formatted(bytes >> 20));
  }

  /**
   * A local disk does not take the rows that do not fit into memory.
   *
   * @param folder of Spark on that disk
   * @param written bytes that it took
   */
  public static LakestillException cannotSpill(Path folder, long written, Throwable cause) {
    return new LakestillException(
        ExitCode.TRY_AGAIN,
        ("Packed training rows that exceed train.memory cannot be written to '%s', which took %d"
                + " MiB of them: %s. Give spark.local.dir (on YARN yarn.nodemanager.local-dirs) a"
                + " disk with more room; or raise train.memory and --executor-memory"
                + " (--driver-memory in local mode), or use more executors; and start again.")
            .formatted(folder, written >> 20, said(cause)),
        cause);
  }

  /** Rows that were written to a local disk do not come back. */
  public static LakestillException cannotReadBack(Path folder, Throwable cause) {
    return new LakestillException(
        ExitCode.TRY_AGAIN,
        "Packed training rows cannot be read back from '%s': %s. Check that disk, and start again."
            .formatted(folder, said(cause)),
        cause);
  }

  private static String said(Throwable cause) {
    return cause.getMessage() == null ? cause.toString() : cause.getMessage();
  }
}
