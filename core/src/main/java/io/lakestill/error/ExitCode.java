package io.lakestill.error;

/** The outcome of a command, as a scheduler reads it. */
public enum ExitCode {
  /** Done, or already done. */
  DONE(0),
  /** A fault nobody foresaw: a bug, or a machine that failed. */
  INTERNAL(1),
  /** Bad recipe or usage: nothing was read or written. */
  BAD_RECIPE(2),
  /** The input breaks its contract. */
  BAD_INPUT(3),
  /** The training diverged. */
  DIVERGED(4),
  /** Another run holds the output. */
  HELD(5),
  /** A gate refused the result. */
  GATE_REFUSED(6),
  /** A passing fault: the same command may work later. */
  TRY_AGAIN(75);

  private final int code;

  ExitCode(int code) {
    this.code = code;
  }

  public int code() {
    return code;
  }
}
