package io.lakestill.train;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What the terms of a loss did at the first step of a training: where a wrong weight shows.
 *
 * @param terms in the loss's order
 */
public record FirstStep(List<TermReport> terms) {
  /** How many times as large as another's a term's gradient may be. */
  private static final double BALANCED = 100;

  public FirstStep {
    terms = List.copyOf(terms);
  }

  /** The mean over workers, each of which reported the same terms. */
  public static FirstStep mean(List<List<TermReport>> workers) {
    List<TermReport> means = new ArrayList<>();
    for (int i = 0; i < workers.get(0).size(); i++) {
      int term = i;
      List<TermReport> reports = workers.stream().map(worker -> worker.get(term)).toList();
      means.add(
          new TermReport(
              reports.get(0).name(),
              reports.get(0).weight(),
              reports.stream().mapToDouble(TermReport::loss).average().orElseThrow(),
              reports.stream().mapToDouble(TermReport::gradientNorm).average().orElseThrow()));
    }
    return new FirstStep(means);
  }

  /** A warning when one term's gradient drowns another's; terms without a gradient do not count. */
  public Optional<String> imbalance() {
    List<TermReport> pulling =
        terms.stream()
            .filter(term -> term.gradientNorm() > 0)
            .sorted(Comparator.comparingDouble(TermReport::gradientNorm))
            .toList();
    if (pulling.isEmpty()) {
      return Optional.empty();
    }
    TermReport smallest = pulling.get(0);
    TermReport largest = pulling.get(pulling.size() - 1);
    double ratio = largest.gradientNorm() / smallest.gradientNorm();
    if (ratio <= BALANCED) {
      return Optional.empty();
    }
    return Optional.of(
        String.format(
            Locale.ROOT,
            "At step 1 the gradient of '%s' (weight %s) is %.0f times that of '%s' (weight %s),"
                + " which hardly takes part; change the weights if that is not meant.",
            largest.name(),
            largest.weight(),
            ratio,
            smallest.name(),
            smallest.weight()));
  }
}
