package io.lakestill.error;

/**
 * A failure a person can act on. The message says what happened, where, and what to do; the exit
 * code says whether to correct, to retry or to stop. Built only in {@link Errors}.
 */
public final class LakestillException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ExitCode exitCode;

  LakestillException(ExitCode exitCode, String message, Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  public ExitCode exitCode() {
    return exitCode;
  }
}
