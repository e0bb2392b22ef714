package io.lakestill.train.exchange;

/** A node is gone, or what came is not what was due; nothing of the step may be used. */
public final class ExchangeFault extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ExchangeFault(String message) {
    super(message);
  }

  public ExchangeFault(String message, Throwable cause) {
    super(message, cause);
  }
}
