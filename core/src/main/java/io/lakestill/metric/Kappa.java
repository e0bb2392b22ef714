package io.lakestill.metric;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Cohen's kappa of labels and answers, {@code (a - e) / (1 - e)} of the accuracy {@code a} and of
 * what would be chance, {@code e = Σ_k p_k q_k} of the parts of class {@code k} among labels and
 * answers. Its standard error is that of the delta method: the deviation of what each example
 * contributes, so that of two kappas of the same examples there is one of their difference, too.
 *
 * <p>Sources: Cohen, "A Coefficient of Agreement for Nominal Scales", 1960; Fleiss, Cohen and
 * Everitt, "Large Sample Standard Errors of Kappa and Weighted Kappa", 1969.
 */
final class Kappa {
  private final double chance;
  private final double value;

  /** How much faster than in proportion kappa grows with each example; their mean is 0. */
  private final double[] influence;

  private Kappa(double chance, double value, double[] influence) {
    this.chance = chance;
    this.value = value;
    this.influence = influence;
  }

  /**
   * @param labels from 0 to {@code classes - 1}; at least one
   * @param answers as many
   */
  static Kappa of(int[] labels, int[] answers, int classes) {
    int examples = labels.length;
    double[] given = parts(labels, classes);
    double[] said = parts(answers, classes);
    double chance = IntStream.range(0, classes).mapToDouble(k -> given[k] * said[k]).sum();
    double rest = 1 - chance;
    double[] influence = new double[examples];
    if (rest < 1.0 / ((double) examples * examples)) {
      return new Kappa(1, 0, influence);
    }
    int right = (int) IntStream.range(0, examples).filter(i -> labels[i] == answers[i]).count();
    double accuracy = right / (double) examples;
    for (int i = 0; i < examples; i++) {
      double own = (labels[i] == answers[i] ? 1 : 0) - accuracy;
      double ownChance = said[labels[i]] + given[answers[i]] - 2 * chance;
      influence[i] = (own * rest - (1 - accuracy) * ownChance) / (rest * rest);
    }
    return new Kappa(chance, (accuracy - chance) / rest, influence);
  }

  private static double[] parts(int[] values, int classes) {
    double[] parts = new double[classes];
    Arrays.stream(values).forEach(value -> parts[value]++);
    return Arrays.stream(parts).map(count -> count / values.length).toArray();
  }

  /** What accuracy would be chance. */
  double chance() {
    return chance;
  }

  double value() {
    return value;
  }

  /** Standard error; 0 where all answers are one class, since kappa is then 0 by all labels. */
  double error() {
    return error(influence);
  }

  /** Of two of the same examples: how many standard errors of the difference this one is higher. */
  boolean isAbove(Kappa other, double errors) {
    double[] difference = new double[influence.length];
    Arrays.setAll(difference, i -> influence[i] - other.influence[i]);
    // No error where every example says the same, but then there must be a difference.
    return value - other.value > Math.max(errors * error(difference), 1e-9);
  }

  private static double error(double[] influence) {
    double squares = Arrays.stream(influence).map(part -> part * part).sum();
    return Math.sqrt(squares) / influence.length;
  }
}
