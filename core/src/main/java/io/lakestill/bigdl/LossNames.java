package io.lakestill.bigdl;

import io.lakestill.objective.WeightedTerms;
import java.util.ArrayList;
import java.util.List;

/** The names of a loss's terms in histories and event files. */
final class LossNames {
  private LossNames() {}

  /** The terms' own names, in order; the second of one name becomes {@code name-2}, and so on. */
  static List<String> of(WeightedTerms loss) {
    List<String> names = new ArrayList<>();
    for (WeightedTerms.Term term : loss.terms()) {
      String name = term.name();
      for (int copy = 2; names.contains(name); copy++) {
        name = term.name() + "-" + copy;
      }
      names.add(name);
    }
    return List.copyOf(names);
  }
}
