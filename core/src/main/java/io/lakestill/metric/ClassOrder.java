package io.lakestill.metric;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Whether a model that was asked about labelled examples gives its classes in the order of the
 * labels. It tells three models apart: one that is right, if weakly; one that would be right if its
 * classes stood in another order; and one that knows nothing of these labels.
 *
 * <p>Another order is always a little better on the very examples it was chosen by, and much better
 * when there are many classes. So it is chosen by one half of them and asked about the other, and
 * the reverse; only examples that exactly one of the two orders is right on count, as in McNemar's
 * test. Of {@code b} that the other order has and {@code c} that this one has, {@code (b - c) /
 * sqrt(b + c)} above 3 is no accident (one-sided, 1 in 700). A model that was hardly trained may
 * well say one class for another all the time; so, unless it is no better than chance as it is, the
 * other order must also be right on more than half of what the model says of the classes it moves.
 *
 * <p>Chance is the accuracy of the same answers given to examples drawn at random, {@code Σ_k p_k
 * q_k} of the parts of class {@code k} among labels and answers, so a model that always says the
 * frequent class is no better than chance, however accurate. Sources: McNemar, "Note on the
 * Sampling Error of the Difference Between Correlated Proportions", 1947; Cohen, "A Coefficient of
 * Agreement for Nominal Scales", 1960.
 *
 * @param examples how many
 * @param right on how many it is right
 * @param chance what accuracy would be chance
 * @param moved classes that stand elsewhere in the order in which it would be right; empty when no
 *     other order does better
 * @param rightMoved on how many it would be right with that order
 */
public record ClassOrder(int examples, int right, double chance, List<Move> moved, int rightMoved) {
  private static final double SURE = 3;
  private static final double ERRORS = 2;
  private static final double LITTLE = 0.1;

  /** Beyond this a cubic algorithm is not worth its time; so many classes need as many examples. */
  private static final int MOST_CLASSES = 1000;

  /**
   * A class that stands elsewhere.
   *
   * @param logit where the model gives it
   * @param label what the labels call it
   */
  public record Move(int logit, int label) {}

  public ClassOrder {
    moved = List.copyOf(moved);
  }

  /**
   * @param labels the classes of examples, in an order that has nothing to do with them
   * @param answers what the model says of each
   */
  public static ClassOrder of(int[] labels, int[] answers) {
    int[] classes =
        IntStream.concat(Arrays.stream(labels), Arrays.stream(answers))
            .distinct()
            .sorted()
            .toArray();
    int[] label = indices(labels, classes);
    int[] answer = indices(answers, classes);
    int right = right(label, answer, identity(classes.length));
    double chance = chance(label, answer, classes.length);
    ClassOrder given = new ClassOrder(labels.length, right, chance, List.of(), right);
    return (classes.length > MOST_CLASSES
            ? Optional.<int[]>empty()
            : better(label, answer, classes.length))
        .filter(order -> given.noBetterThanChance() || rightOnMost(label, answer, order))
        .map(order -> given.moved(moves(order, classes, answer), right(label, answer, order)))
        .orElse(given);
  }

  private ClassOrder moved(List<Move> moves, int rightThen) {
    return new ClassOrder(examples, right, chance, moves, rightThen);
  }

  /** Of the examples whose answer means another class in another order. */
  private static boolean rightOnMost(int[] labels, int[] answers, int[] order) {
    int[] moved =
        IntStream.range(0, labels.length).filter(i -> order[answers[i]] != answers[i]).toArray();
    long right = Arrays.stream(moved).filter(i -> order[answers[i]] == labels[i]).count();
    return 2 * right > moved.length;
  }

  public double accuracy() {
    return examples == 0 ? 0 : right / (double) examples;
  }

  /**
   * Whether it knows nothing of the labels: its accuracy is within two standard errors of chance,
   * and there are enough examples to have seen a tenth of the way from chance to perfect (Cohen's
   * kappa is below 0.1 by as much). Of few examples, or where nearly all are of one class, nothing
   * can be said.
   */
  public boolean noBetterThanChance() {
    if (examples == 0 || chance >= 1) {
      return false;
    }
    double byChance = Math.sqrt(chance * (1 - chance) / examples);
    double error = Math.sqrt(accuracy() * (1 - accuracy()) / examples);
    double kappa = (accuracy() - chance) / (1 - chance);
    return accuracy() - chance <= ERRORS * byChance
        && kappa + ERRORS * error / (1 - chance) < LITTLE;
  }

  private static int[] indices(int[] values, int[] classes) {
    return Arrays.stream(values).map(value -> Arrays.binarySearch(classes, value)).toArray();
  }

  private static int[] identity(int classes) {
    return IntStream.range(0, classes).toArray();
  }

  private static int right(int[] labels, int[] answers, int[] order) {
    return (int)
        IntStream.range(0, labels.length).filter(i -> order[answers[i]] == labels[i]).count();
  }

  private static double chance(int[] labels, int[] answers, int classes) {
    long[] given = new long[classes];
    long[] said = new long[classes];
    Arrays.stream(labels).forEach(label -> given[label]++);
    Arrays.stream(answers).forEach(answer -> said[answer]++);
    double squares = (double) labels.length * labels.length;
    return IntStream.range(0, classes).mapToDouble(k -> given[k] * said[k] / squares).sum();
  }

  /** The best other order, if it does better on examples that it was not chosen by. */
  private static Optional<int[]> better(int[] labels, int[] answers, int classes) {
    int gained = 0;
    int lost = 0;
    for (int half = 0; half < 2; half++) {
      int[] order = best(labels, answers, classes, half, 2);
      for (int i = 1 - half; i < labels.length; i += 2) {
        boolean now = answers[i] == labels[i];
        boolean then = order[answers[i]] == labels[i];
        gained += then && !now ? 1 : 0;
        lost += now && !then ? 1 : 0;
      }
    }
    return gained - lost > SURE * Math.sqrt(gained + lost)
        ? Optional.of(best(labels, answers, classes, 0, 1))
        : Optional.empty();
  }

  /** Chosen by every so many-th example; among equals, the order that moves fewest classes. */
  private static int[] best(int[] labels, int[] answers, int classes, int first, int step) {
    long[][] worth = new long[classes][classes];
    for (int k = 0; k < classes; k++) {
      worth[k][k] = 1;
    }
    for (int i = first; i < labels.length; i += step) {
      worth[answers[i]][labels[i]] += classes + 1;
    }
    return Assignment.best(worth);
  }

  private static List<Move> moves(int[] order, int[] classes, int[] answers) {
    List<Move> moves = new ArrayList<>();
    for (int k = 0; k < order.length; k++) {
      int said = k;
      if (order[k] != k && Arrays.stream(answers).anyMatch(answer -> answer == said)) {
        moves.add(new Move(classes[k], classes[order[k]]));
      }
    }
    return moves;
  }
}
