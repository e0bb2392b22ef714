package io.lakestill.report.page;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/** How numbers are written for people, the same in every language of the machine. */
final class Figures {
  private static final char NO_BREAK_SPACE = '\u00a0';

  private Figures() {}

  /** {@code 0.961 -> 96.1 %}; never rounds up to 100 or down to 0 what is not. */
  static String percent(double fraction) {
    return percent(fraction, 1);
  }

  static String percent(double fraction, int decimals) {
    int shown = decimals;
    while (shown < 6 && roundsToAnEnd(fraction, shown)) {
      shown++;
    }
    return inPercent(fraction, shown) + NO_BREAK_SPACE + "%";
  }

  /** In decimal, since 100 * 0.8845 is a little less than 88.45. */
  private static String inPercent(double fraction, int decimals) {
    return BigDecimal.valueOf(fraction)
        .movePointRight(2)
        .setScale(decimals, RoundingMode.HALF_UP)
        .toPlainString();
  }

  private static boolean roundsToAnEnd(double fraction, int decimals) {
    double rounded = Double.parseDouble(inPercent(fraction, decimals));
    return (rounded == 100 && fraction < 1) || (rounded == 0 && fraction > 0);
  }

  /** Two significant digits, for shares whose size matters and not their digits. */
  static String share(double fraction) {
    return significant(100 * fraction, 2) + NO_BREAK_SPACE + "%";
  }

  /** {@code 8.13 -> 8.1}: how many times. */
  static String times(double ratio) {
    return significant(ratio, 2);
  }

  /** A difference of accuracies in percentage points, without its sign. */
  static String points(double difference) {
    double points = Math.abs(100 * difference);
    String text = fixed(points, points < 0.05 && points > 0 ? 3 : 1);
    return text + NO_BREAK_SPACE + (text.equals("1.0") ? "point" : "points");
  }

  /** As {@link #points}, with a sign: {@code +1.9 points}. */
  static String signedPoints(double difference) {
    return (difference < 0 ? "\u2212" : "+") + points(difference);
  }

  static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  /** To the next whole number. */
  static String count(double value) {
    return count(Math.round(value));
  }

  /** {@code 12,345 -> 12k}, for axes and small cells. */
  static String shortCount(double value) {
    if (value < 1000) {
      return count(value);
    }
    return value < 1e6
        ? significant(value / 1e3, 2) + "k"
        : value < 1e9 ? significant(value / 1e6, 2) + "M" : significant(value / 1e9, 2) + "G";
  }

  static String counted(long count, String one) {
    return count(count) + NO_BREAK_SPACE + (count == 1 ? one : one + "s");
  }

  /** Decimal units, as file managers show them. */
  static String bytes(long bytes) {
    if (bytes < 1000) {
      return bytes + (NO_BREAK_SPACE + "B");
    }
    double size = bytes;
    String unit = "";
    for (String next : new String[] {"kB", "MB", "GB"}) {
      if (size >= 1000) {
        size /= 1000;
        unit = next;
      }
    }
    return significant(size, 3) + NO_BREAK_SPACE + unit;
  }

  static String seconds(double seconds) {
    if (seconds < 90) {
      return fixed(seconds, 1) + NO_BREAK_SPACE + "s";
    }
    long whole = Math.round(seconds);
    return "%s\u00a0min %d\u00a0s".formatted(count(whole / 60), whole % 60);
  }

  /** Any value of a scorecard: whole numbers in groups of three, others with four digits. */
  static String value(double value) {
    if (value == Math.rint(value)) {
      return count(value);
    }
    return Math.abs(value) < 1000
        ? significant(value, 4)
        : String.format(Locale.ROOT, "%,.1f", value);
  }

  static String fixed(double value, int decimals) {
    String text = String.format(Locale.ROOT, "%." + decimals + "f", value);
    return text.matches("-[0.]+") ? text.substring(1) : text;
  }

  /** As short as it can be with two decimals, for SVG. */
  static String plain(double value) {
    return BigDecimal.valueOf(value)
        .setScale(2, RoundingMode.HALF_UP)
        .stripTrailingZeros()
        .toPlainString();
  }

  /** A label that fits, without its middle; the caller shows the whole text elsewhere. */
  static String shortened(String text, int length) {
    if (text.codePointCount(0, text.length()) <= length) {
      return text;
    }
    int tail = (length - 1) / 2;
    int headEnd = text.offsetByCodePoints(0, length - 1 - tail);
    int tailStart = text.offsetByCodePoints(text.length(), -tail);
    return text.substring(0, headEnd).strip() + "\u2026" + text.substring(tailStart).strip();
  }

  private static String significant(double value, int digits) {
    return BigDecimal.valueOf(value)
        .round(new MathContext(digits, RoundingMode.HALF_UP))
        .stripTrailingZeros()
        .toPlainString();
  }
}
