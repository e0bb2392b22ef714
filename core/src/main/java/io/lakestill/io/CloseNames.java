package io.lakestill.io;

import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Finds the names a person may have meant, among many long ones. */
public final class CloseNames {
  private static final double CLOSE = 0.4;

  private CloseNames() {}

  /**
   * The closest names first, by the part of neighbouring letters they share (Dice's coefficient);
   * empty when none is close.
   *
   * @param wanted what was written
   * @param names what there is
   * @param most how many to give
   */
  public static List<String> of(String wanted, Collection<String> names, int most) {
    Set<String> asked = pairs(wanted);
    return names.stream()
        .distinct()
        .filter(name -> likeness(asked, pairs(name)) >= CLOSE)
        .sorted(Comparator.comparingDouble((String name) -> -likeness(asked, pairs(name))))
        .limit(most)
        .toList();
  }

  private static double likeness(Set<String> a, Set<String> b) {
    long shared = a.stream().filter(b::contains).count();
    return 2.0 * shared / (a.size() + b.size());
  }

  /** All two letters that stand side by side; the ends count as a letter, too. */
  private static Set<String> pairs(String name) {
    String text = " " + name.toLowerCase(Locale.ROOT) + " ";
    Set<String> pairs = new HashSet<>();
    for (int i = 0; i + 1 < text.length(); i++) {
      pairs.add(text.substring(i, i + 2));
    }
    return pairs;
  }
}
