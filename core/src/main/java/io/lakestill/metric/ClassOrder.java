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
 * sqrt(b + c)} above 3 is no accident (one-sided, 1 in 700). Being right more often is not enough:
 * a model that cries wolf too often is right less often than its opposite and knows more all the
 * same. So Cohen's kappa, which is what it is right on beyond chance, must be higher by three
 * standard errors, too. A model that was hardly trained may well say one class for another all the
 * time; so, unless it is no better than chance as it is, the other order must also be right on more
 * than half of what the model says of the classes it moves.
 *
 * <p>Nothing is concluded of fewer than {@value #FEWEST} examples. {@code noBetterThanChance} means
 * that kappa is neither two standard errors above 0 nor, by as many, possibly 0.1, with at least
 * {@value #FEWEST_OTHERS} examples that are not of the most frequent label. Of a model that says
 * one class nearly always (fewer than {@value #FEWEST_OTHERS} other answers) it is concluded only
 * where at most two thirds of the examples are of that class: a calibrated model of a rarer event
 * may never say it.
 *
 * <p>Source: McNemar, "Note on the Sampling Error of the Difference Between Correlated
 * Proportions", 1947.
 *
 * @param examples how many
 * @param right on how many it is right
 * @param chance what accuracy would be chance, the same answers given to examples drawn at random
 * @param noBetterThanChance whether it surely knows nothing of the labels
 * @param moved classes that stand elsewhere in the order in which it would be right; empty when no
 *     other order does better
 * @param rightMoved on how many it would be right with that order
 */
public record ClassOrder(
    int examples,
    int right,
    double chance,
    boolean noBetterThanChance,
    List<Move> moved,
    int rightMoved) {
  /** Of fewer examples nothing is concluded. */
  public static final int FEWEST = 100;

  /** So many examples must be of other labels than the most frequent one. */
  public static final int FEWEST_OTHERS = 20;

  private static final double SURE = 3;
  private static final double ERRORS = 2;
  private static final double LITTLE = 0.1;
  private static final double FREQUENT = 2.0 / 3;

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
    if (labels.length < FEWEST) {
      double chance = labels.length == 0 ? 1 : Kappa.of(label, answer, classes.length).chance();
      return new ClassOrder(labels.length, right, chance, false, List.of(), right);
    }
    Kappa kappa = Kappa.of(label, answer, classes.length);
    boolean knowsNothing = knowsNothing(kappa) && tell(label, answer, classes.length);
    ClassOrder given =
        new ClassOrder(labels.length, right, kappa.chance(), knowsNothing, List.of(), right);
    return (classes.length > MOST_CLASSES
            ? Optional.<int[]>empty()
            : better(label, answer, classes.length))
        .filter(order -> knowsNothing || rightOnMost(label, answer, order))
        .map(order -> given.moved(moves(order, classes, answer), right(label, answer, order)))
        .orElse(given);
  }

  private static boolean knowsNothing(Kappa kappa) {
    return kappa.value() <= ERRORS * kappa.error()
        && kappa.value() + ERRORS * kappa.error() < LITTLE;
  }

  /** Whether labels and answers are of enough classes to tell anything. */
  private static boolean tell(int[] labels, int[] answers, int classes) {
    int[] given = counts(labels, classes);
    int[] said = counts(answers, classes);
    if (labels.length - Arrays.stream(given).max().orElseThrow() < FEWEST_OTHERS) {
      return false;
    }
    int usual = IntStream.range(0, classes).reduce(0, (a, b) -> said[b] > said[a] ? b : a);
    return answers.length - said[usual] >= FEWEST_OTHERS
        || given[usual] <= FREQUENT * labels.length;
  }

  private static int[] counts(int[] values, int classes) {
    int[] counts = new int[classes];
    Arrays.stream(values).forEach(value -> counts[value]++);
    return counts;
  }

  private ClassOrder moved(List<Move> moves, int rightThen) {
    return new ClassOrder(examples, right, chance, noBetterThanChance, moves, rightThen);
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

  /** Whether there are enough examples to conclude anything. */
  public boolean conclusive() {
    return examples >= FEWEST;
  }

  /**
   * Whether its accuracy is surely below: by two standard errors, as Wilson bounds a proportion, of
   * enough examples.
   *
   * @param floor 0 to 1
   */
  public boolean isSurelyBelow(double floor) {
    if (!conclusive()) {
      return false;
    }
    double squares = ERRORS * ERRORS / examples;
    double p = accuracy();
    double spread = ERRORS * Math.sqrt(p * (1 - p) / examples + squares / (4 * examples));
    return (p + squares / 2 + spread) / (1 + squares) < floor;
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

  /** The best other order, if it does better on examples that it was not chosen by. */
  private static Optional<int[]> better(int[] labels, int[] answers, int classes) {
    int gained = 0;
    int lost = 0;
    int[] moved = new int[answers.length];
    for (int half = 0; half < 2; half++) {
      int[] order = best(labels, answers, classes, half, 2);
      for (int i = 1 - half; i < labels.length; i += 2) {
        moved[i] = order[answers[i]];
        boolean now = answers[i] == labels[i];
        boolean then = moved[i] == labels[i];
        gained += then && !now ? 1 : 0;
        lost += now && !then ? 1 : 0;
      }
    }
    return gained - lost > SURE * Math.sqrt(gained + lost)
            && Kappa.of(labels, moved, classes).isAbove(Kappa.of(labels, answers, classes), SURE)
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
