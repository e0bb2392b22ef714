package io.lakestill.teacher;

import io.lakestill.recipe.ScoreTable.Statement;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Makes logits of what a table says of the classes, such that their softmax at temperature 1 is the
 * probability the table means.
 *
 * <ul>
 *   <li>logits: as they are; of two classes also one margin {@code m}, which becomes {@code (-m/2,
 *       m/2)};
 *   <li>probabilities: {@code log max(p, 1e-7)}, their sum being one and none being below zero,
 *       both within 1e-3; of two classes also the one of the second class;
 *   <li>scores: not negative, and as probabilities when divided by their sum;
 *   <li>an answer with confidence {@code c} of {@code K} classes: {@code c} for that class, {@code
 *       (1 - c) / (K - 1)} for each other, as probabilities.
 * </ul>
 *
 * @param statement what the table says
 * @param classes the class names, in the order of the logits
 */
public record StatedScores(Statement statement, List<String> classes) implements Serializable {
  private static final long serialVersionUID = 1L;

  /** The least probability there is, so that logarithms are finite. */
  public static final double FLOOR = 1e-7;

  private static final double ROUNDING = 1e-3;

  public StatedScores {
    classes = List.copyOf(classes);
  }

  /**
   * @param stated one number for each class; of two classes also one alone, unless they are scores
   * @param logits takes one for each class
   * @param offset where its first is
   * @return what is wrong with the numbers, for a person; then logits hold anything
   */
  public Optional<String> logits(double[] stated, float[] logits, int offset) {
    return switch (statement) {
      case LOGITS -> ofLogits(stated, logits, offset);
      case PROBABILITIES -> ofProbabilities(stated, logits, offset);
      case SCORES -> ofScores(stated, logits, offset);
      case ANSWER -> throw new IllegalStateException("an answer has no scores");
    };
  }

  private Optional<String> ofLogits(double[] stated, float[] logits, int offset) {
    for (int c = 0; c < classes.size(); c++) {
      double value = stated.length == 1 ? (c - 0.5) * stated[0] : stated[c];
      logits[offset + c] = (float) value;
    }
    return Optional.empty();
  }

  private Optional<String> ofProbabilities(double[] stated, float[] logits, int offset) {
    double[] all = stated.length == 1 ? new double[] {1 - stated[0], stated[0]} : stated;
    for (int c = 0; c < all.length; c++) {
      // One above one by a rounding leaves the others as little below zero.
      if (all[c] < -ROUNDING) {
        return Optional.of(
            stated.length == 1
                ? "a probability is %s, which is not between 0 and 1".formatted(stated[0])
                : "the probability at %d is %s".formatted(c, all[c]));
      }
    }
    double sum = Arrays.stream(all).sum();
    if (Math.abs(sum - 1) > ROUNDING) {
      return Optional.of("the probabilities sum to %s instead of one".formatted(sum));
    }
    logarithms(all, 1, logits, offset);
    return Optional.empty();
  }

  private Optional<String> ofScores(double[] stated, float[] logits, int offset) {
    for (int c = 0; c < stated.length; c++) {
      if (stated[c] < 0) {
        return Optional.of(
            "the score at %d is %s; shares of a sum cannot be negative".formatted(c, stated[c]));
      }
    }
    double sum = Arrays.stream(stated).sum();
    if (!(sum > 0)) {
      return Optional.of("all scores are 0, so no class has a share");
    }
    logarithms(stated, sum, logits, offset);
    return Optional.empty();
  }

  private static void logarithms(double[] parts, double whole, float[] logits, int offset) {
    for (int c = 0; c < parts.length; c++) {
      logits[offset + c] = (float) Math.log(Math.max(parts[c] / whole, FLOOR));
    }
  }

  /**
   * @param name of a class
   * @param confidence its probability, above that of a guess
   */
  public Optional<String> answer(String name, double confidence, float[] logits, int offset) {
    int index = classes.indexOf(name);
    return index < 0
        ? Optional.of("the answer '%s' is no class".formatted(name))
        : answer(index, confidence, logits, offset);
  }

  /**
   * @param index of a class; a whole number, whatever its type
   * @param confidence its probability, above that of a guess
   */
  public Optional<String> answer(double index, double confidence, float[] logits, int offset) {
    int count = classes.size();
    if (!(index >= 0 && index < count) || index != Math.rint(index)) {
      return Optional.of("the answer %s is no class index (0 to %d)".formatted(index, count - 1));
    }
    double sure = confidence <= 1 + ROUNDING ? Math.min(confidence, 1) : confidence;
    if (!isConfidence(sure)) {
      return Optional.of(
          "the confidence is %s; it must be above 1/%d and at most 1".formatted(confidence, count));
    }
    double other = (1 - sure) / (count - 1);
    for (int c = 0; c < count; c++) {
      double probability = c == (int) index ? sure : other;
      logits[offset + c] = (float) Math.log(Math.max(probability, FLOOR));
    }
    return Optional.empty();
  }

  /** Whether the table names one class, instead of a number for each. */
  public boolean isAnswer() {
    return statement == Statement.ANSWER;
  }

  /** Whether an answer can be given with it: above the probability of a guess, and at most one. */
  public boolean isConfidence(double value) {
    return value > 1.0 / classes.size() && value <= 1;
  }
}
