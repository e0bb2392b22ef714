package io.lakestill.data;

/**
 * One cell that cannot become features; the message says why. The caller knows the row: it puts the
 * row into quarantine, or refuses the table.
 */
public final class BadFeaturesException extends Exception {
  private static final long serialVersionUID = 1L;

  public BadFeaturesException(String reason) {
    super(reason);
  }

  public BadFeaturesException(String reason, Throwable cause) {
    super(reason, cause);
  }
}
