package io.lakestill.jobs;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;

/**
 * What a person sees while a command runs: lines on standard error, so that standard output holds
 * nothing but the JSON summary. On a terminal the progress line is rewritten in place; elsewhere
 * (Airflow, a file) it is a new line, and rarer.
 */
public final class Console {
  private static final long TERMINAL_MILLIS = 500;
  private static final long FILE_MILLIS = 10_000;

  private final PrintStream out;
  private final boolean terminal;
  private long lastProgress;
  private int shown;

  Console(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** The console of this process. */
  public static Console ofProcess() {
    return new Console(System.err, System.console() != null);
  }

  /** A line that stays. */
  public synchronized void line(String text) {
    clear();
    out.println(text);
  }

  /** Where a long step stands; shown at most a few times a second, in files every ten seconds. */
  public synchronized void progress(String text) {
    long now = System.nanoTime() / 1_000_000;
    if (now - lastProgress < (terminal ? TERMINAL_MILLIS : FILE_MILLIS)) {
      return;
    }
    lastProgress = now;
    if (terminal) {
      clear();
      out.print(text);
      out.flush();
      shown = text.length();
    } else {
      out.println(text);
    }
  }

  private void clear() {
    if (shown > 0) {
      out.print("\r" + " ".repeat(shown) + "\r");
      shown = 0;
    }
  }

  /** A duration for people: {@code 850 ms}, {@code 12.3 s}, {@code 4 min 05 s}. */
  public static String shown(Duration duration) {
    long millis = duration.toMillis();
    if (millis < 1000) {
      return millis + " ms";
    }
    if (millis < 120_000) {
      return String.format(Locale.ROOT, "%.1f s", millis / 1000.0);
    }
    return String.format(Locale.ROOT, "%d min %02d s", millis / 60_000, millis / 1000 % 60);
  }
}
