package io.lakestill.report.page;

import io.lakestill.report.GateResult;
import io.lakestill.report.Scorecard;
import java.util.LinkedHashMap;
import java.util.Map;

/** What each gate asked for and what it found, in words. */
final class GateList {
  private static final Map<String, String> WORDS = new LinkedHashMap<>();

  static {
    WORDS.put(">=", "at least");
    WORDS.put("<=", "at most");
    WORDS.put(">", "above");
    WORDS.put("<", "below");
  }

  private GateList() {}

  /** One line for the top of the page. */
  static Element verdict(Scorecard card) {
    int all = card.gates().size();
    long failed = card.gates().stream().filter(gate -> !gate.passed()).count();
    if (all == 0) {
      return Element.text("p", "No gates were set: nothing judges this result but its reader.")
          .with("class", "verdict");
    }
    String text =
        failed == 0
            ? "\u2713 Passed: "
                + switch (all) {
                  case 1 -> "its gate holds";
                  case 2 -> "both gates hold";
                  default -> "all " + all + " gates hold";
                }
            : "\u2717 Refused: %d of %s %s not hold"
                .formatted(failed, Figures.counted(all, "gate"), failed == 1 ? "does" : "do");
    return Element.text("p", text).with("class", failed == 0 ? "verdict good" : "verdict bad");
  }

  static Element of(Scorecard card) {
    Element list = Element.of("ul").with("class", "gates");
    for (GateResult gate : card.gates()) {
      list.add(
          Element.of(
                  "li",
                  Element.text("span", gate.passed() ? "\u2713" : "\u2717").with("class", "sign"),
                  Element.of("div", Element.text("code", gate.condition()), found(gate)))
              .with("class", gate.passed() ? "good" : "bad"));
    }
    return list;
  }

  private static Element found(GateResult gate) {
    String comparison =
        WORDS.entrySet().stream()
            .filter(words -> gate.condition().contains(words.getKey()))
            .map(Map.Entry::getValue)
            .findFirst()
            .orElse("beside");
    return Element.text(
        "p",
        "%s: %s is %s%s %s."
            .formatted(
                gate.passed() ? "Holds" : "Does not hold",
                Figures.value(gate.left()),
                gate.passed() ? "" : "not ",
                comparison,
                Figures.value(gate.right())));
  }
}
