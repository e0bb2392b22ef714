package io.lakestill.jobs;

/**
 * Keys as they stand in messages: any text is a key, but a message stays on its line and does not
 * grow without bounds.
 */
final class ShownKey {
  private static final int LONGEST = 120;
  private static final int HEAD = 80;
  private static final int TAIL = 20;

  private ShownKey() {}

  /** The text with its control characters spelled out, and without its middle if it is long. */
  static String of(String key) {
    String kept = key;
    if (key.length() > LONGEST) {
      String end = key.substring(key.length() - TAIL);
      kept = "%s...(%d characters)...%s".formatted(key.substring(0, HEAD), key.length(), end);
    }
    StringBuilder shown = new StringBuilder();
    for (char c : kept.toCharArray()) {
      if (Character.isISOControl(c)) {
        shown.append("\\u%04x".formatted((int) c));
      } else {
        shown.append(c);
      }
    }
    return shown.toString();
  }
}
