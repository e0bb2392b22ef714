package io.lakestill.jobs;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.util.Optional;

/** What the libraries of table formats throw. */
final class FormatFailures {
  private FormatFailures() {}

  /** A write that failed, around what the library threw. */
  static final class Writing extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Writing(Exception cause) {
      super(cause);
    }
  }

  /**
   * Why rows cannot be read that should be there: a file is gone or damaged, or a snapshot is no
   * longer kept. Empty for failures that may pass.
   */
  static Optional<String> unreadable(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String name = cause.getClass().getName();
      if (cause instanceof FileNotFoundException
          || cause instanceof EOFException
          || name.contains("NotFoundException")
          || name.contains("Decoding")
          || name.contains("Zstd")
          || name.endsWith("AnalysisException")
          || name.startsWith("io.delta.exceptions")
          || name.startsWith("org.apache.iceberg.exceptions")
          || cause instanceof IllegalArgumentException) {
        return Optional.of(firstLine(cause));
      }
    }
    return SparkFailures.isDamage(failure) ? Optional.of(firstLine(failure)) : Optional.empty();
  }

  static String firstLine(Throwable failure) {
    return String.valueOf(failure.getMessage())
        .strip()
        .lines()
        .findFirst()
        .orElse(failure.getClass().getSimpleName());
  }
}
