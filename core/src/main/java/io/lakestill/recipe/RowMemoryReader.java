package io.lakestill.recipe;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads {@link RowMemory}: a size as Spark writes it, or a part of 1. */
final class RowMemoryReader {
  private static final Pattern WRITTEN = Pattern.compile("(\\d+(?:\\.\\d+)?)(?:([kmgt])b?)?");
  private static final Map<String, Long> UNITS =
      Map.of("k", 1L << 10, "m", 1L << 20, "g", 1L << 30, "t", 1L << 40);

  private RowMemoryReader() {}

  static Optional<RowMemory> read(Settings settings, String key) {
    String text = settings.text(key);
    Optional<RowMemory> memory = parse(text.strip().toLowerCase(Locale.ROOT));
    if (memory.isEmpty()) {
      settings.problem(
          key,
          "must be a size such as 2g or 512m, or a part of the heap such as 0.4, is '%s'"
              .formatted(text));
    }
    return memory;
  }

  private static Optional<RowMemory> parse(String text) {
    Matcher written = WRITTEN.matcher(text);
    if (!written.matches()) {
      return Optional.empty();
    }
    double number = Double.parseDouble(written.group(1));
    if (written.group(2) != null) {
      return Optional.of(new RowMemory.Size((long) (number * UNITS.get(written.group(2)))));
    }
    return number <= 1 ? Optional.of(new RowMemory.Share(number)) : Optional.empty();
  }
}
