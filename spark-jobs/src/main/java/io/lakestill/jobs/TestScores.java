package io.lakestill.jobs;

import io.lakestill.metric.ClassificationTally;
import java.io.Serializable;
import java.util.List;
import java.util.stream.Stream;

/**
 * What was measured over test rows.
 *
 * @param tallies one per contestant, in their order, all over the same rows
 * @param leftOut how many rows no contestant was measured on
 * @param examples a few of these, each with its reason
 */
record TestScores(List<ClassificationTally> tallies, long leftOut, List<String> examples)
    implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final int SHOWN = 5;

  /** The first few in their order, so that the same rows give the same message. */
  TestScores {
    tallies = List.copyOf(tallies);
    examples = examples.stream().sorted().limit(SHOWN).toList();
  }

  /** The scores over both parts; the tallies of this one are changed. */
  TestScores merge(TestScores other) {
    for (int k = 0; k < tallies.size(); k++) {
      tallies.get(k).merge(other.tallies.get(k));
    }
    return new TestScores(
        tallies,
        leftOut + other.leftOut,
        Stream.concat(examples.stream(), other.examples.stream()).toList());
  }
}
