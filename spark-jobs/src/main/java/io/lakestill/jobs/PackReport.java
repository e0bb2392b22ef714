package io.lakestill.jobs;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** What was found while examples and signals were paired: counts and, of each kind, a few keys. */
final class PackReport implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final int SHOWN = 5;

  /** What can be wrong with a pair. */
  enum Finding {
    NO_SIGNALS("without signals", "run teach again"),
    OTHER_CONTENT("whose content is not what the teacher saw", "run teach again"),
    TWICE("with more than one signal row for one view", "run teach again"),
    NO_NUMBER(
        "for which an expression of the loss gives no number",
        "say what they should have, as in coalesce(expression, 0)"),
    NEGATIVE_WEIGHT(
        "whose weight in a term of the loss is negative",
        "write the expression so that it is at least 0, as in greatest(expression, 0)"),
    BAD_FEATURES(
        "with features that cannot be used", "correct them, or leave them out by a condition"),
    /** Counted, not refused: the table lost rows since the teacher saw it. */
    ORPHAN("in the signals only", "");

    private final String words;
    private final String remedy;

    Finding(String words, String remedy) {
      this.words = words;
      this.remedy = remedy;
    }
  }

  private final Map<Finding, Long> counts = new EnumMap<>(Finding.class);
  private final Map<Finding, TreeSet<String>> examples = new EnumMap<>(Finding.class);

  private final Map<Split, Long> packed = new EnumMap<>(Split.class);

  /** One example of a split is sound. */
  void packed(Split split) {
    packed.merge(split, 1L, Long::sum);
  }

  long examples(Split split) {
    return packed.getOrDefault(split, 0L);
  }

  /**
   * @param shown the key, with a reason if there is more to say
   */
  void add(Finding finding, String shown) {
    counts.merge(finding, 1L, Long::sum);
    keep(finding, shown);
  }

  /** The smallest keys are kept, so that the same fault gives the same message. */
  private void keep(Finding finding, String shown) {
    TreeSet<String> kept = examples.computeIfAbsent(finding, key -> new TreeSet<>());
    kept.add(shown);
    if (kept.size() > SHOWN) {
      kept.pollLast();
    }
  }

  PackReport merge(PackReport other) {
    other.packed.forEach((split, count) -> packed.merge(split, count, Long::sum));
    other.counts.forEach((finding, count) -> counts.merge(finding, count, Long::sum));
    other.examples.forEach((finding, keys) -> keys.forEach(key -> keep(finding, key)));
    return this;
  }

  long count(Finding finding) {
    return counts.getOrDefault(finding, 0L);
  }

  /** A few of the keys of a kind, the smallest. */
  List<String> shown(Finding finding) {
    return List.copyOf(examples.getOrDefault(finding, new TreeSet<>()));
  }

  /** One line per kind of refused finding, with what to do; empty when every pair is sound. */
  List<String> refusals() {
    List<String> lines = new ArrayList<>();
    counts.forEach(
        (finding, count) -> {
          if (finding != Finding.ORPHAN) {
            lines.add(
                "%d example%s %s, such as %s; %s"
                    .formatted(
                        count,
                        count == 1 ? "" : "s",
                        finding.words,
                        String.join(", ", examples.get(finding)),
                        finding.remedy));
          }
        });
    return lines;
  }
}
