package io.lakestill.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.metric.ClassOrder.Move;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class ClassOrderTest {
  private static final int EXAMPLES = 512;

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);

  @RepeatedTest(20)
  void theBestAssignmentIsTheBestOfAllPermutations() {
    int size = 1 + random.nextInt(6);
    long[][] worth = new long[size][size];
    for (long[] row : worth) {
      Arrays.setAll(row, i -> random.nextInt(20) - 5);
    }
    int[] columns = Assignment.best(worth);
    assertThat(columns).as("seed %d", seed).doesNotHaveDuplicates();
    assertThat(sum(worth, columns)).as("seed %d", seed).isEqualTo(most(worth, 0, new int[size]));
  }

  private static long most(long[][] worth, int row, int[] columns) {
    if (row == worth.length) {
      return sum(worth, columns);
    }
    long most = Long.MIN_VALUE;
    for (int column = 0; column < worth.length; column++) {
      int tried = column;
      if (IntStream.range(0, row).noneMatch(before -> columns[before] == tried)) {
        columns[row] = column;
        most = Math.max(most, most(worth, row + 1, columns));
      }
    }
    return most;
  }

  private static long sum(long[][] worth, int[] columns) {
    return IntStream.range(0, columns.length).mapToLong(row -> worth[row][columns[row]]).sum();
  }

  /** From barely above chance on, whatever the number of classes and how often each comes. */
  @Test
  void aRightModelPassesHoweverWeak() {
    for (int classes : new int[] {2, 10, 300}) {
      for (double skill : new double[] {0.2, 0.4, 0.95}) {
        for (int repeat = 0; repeat < 5; repeat++) {
          int[] labels = balanced(classes);
          ClassOrder order = ClassOrder.of(labels, skilled(labels, classes, skill));
          assertThat(order.moved()).as("seed %d, %d classes", seed, classes).isEmpty();
          assertThat(order.noBetterThanChance())
              .as("seed %d, %d classes, skill %s: %s", seed, classes, skill, order)
              .isFalse();
        }
      }
    }
  }

  @Test
  void aModelOfAnotherOrderIsFoundWithTheOrderThatMakesItRight() {
    for (int classes : new int[] {2, 10, 100}) {
      int[] labels = balanced(classes);
      List<Integer> shuffled = new ArrayList<>(IntStream.range(0, classes).boxed().toList());
      Collections.rotate(shuffled, 1);
      int[] said = skilled(labels, classes, 0.8);
      int[] answers = Arrays.stream(said).map(shuffled::get).toArray();

      ClassOrder order = ClassOrder.of(labels, answers);

      assertThat(order.right()).isLessThan(EXAMPLES / 2);
      assertThat(order.rightMoved()).as("seed %d", seed).isGreaterThan((int) (0.7 * EXAMPLES));
      if (classes <= 10) {
        assertThat(order.moved())
            .containsExactlyInAnyOrderElementsOf(
                IntStream.range(0, classes).mapToObj(k -> new Move(shuffled.get(k), k)).toList());
      }
    }
  }

  @Test
  void twoExchangedClassesOfTenAreFound() {
    int[] labels = balanced(10);
    int[] answers =
        Arrays.stream(skilled(labels, 10, 0.8))
            .map(said -> said == 3 ? 7 : said == 7 ? 3 : said)
            .toArray();

    ClassOrder order = ClassOrder.of(labels, answers);

    assertThat(order.moved()).as("seed %d", seed).containsExactly(new Move(3, 7), new Move(7, 3));
  }

  @Test
  void answersThatHaveNothingToDoWithTheLabelsAreNoBetterThanChance() {
    int[] labels = new int[4 * EXAMPLES];
    int[] answers = new int[labels.length];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = i % 10;
      answers[i] = i / 10 % 10;
    }
    assertThat(ClassOrder.of(labels, answers).noBetterThanChance()).isTrue();
    assertThat(ClassOrder.of(labels, answers).chance()).isCloseTo(0.1, within(0.001));
    Arrays.fill(answers, 4);
    assertThat(ClassOrder.of(labels, answers).noBetterThanChance()).as("always one").isTrue();
  }

  /** A calibrated model of a rare event may never say it; nothing in its argmax is wrong. */
  @Test
  void ofARareEventNothingIsSaid() {
    int[] labels = new int[EXAMPLES];
    labels[17] = 1;
    labels[333] = 1;
    assertThat(ClassOrder.of(labels, new int[EXAMPLES]).noBetterThanChance()).isFalse();
    assertThat(ClassOrder.of(labels, new int[EXAMPLES]).moved()).isEmpty();
    assertThat(ClassOrder.of(new int[0], new int[0]).noBetterThanChance()).isFalse();

    int[] inverted = Arrays.stream(labels).map(label -> 1 - label).toArray();
    assertThat(ClassOrder.of(labels, inverted).moved())
        .containsExactly(new Move(0, 1), new Move(1, 0));
  }

  /** After an epoch or two a model says eight for nearly every five, and three for most eights. */
  @Test
  void aHardlyTrainedModelThatSaysOneClassForAnotherPasses() {
    int[] labels = new int[EXAMPLES];
    int[] answers = new int[EXAMPLES];
    for (int i = 0; i < EXAMPLES; i++) {
      labels[i] = i % 10;
      double draw = random.nextDouble();
      answers[i] =
          switch (labels[i]) {
            case 5 -> draw < 0.9 ? 8 : 3;
            case 8 -> draw < 0.3 ? 8 : draw < 0.7 ? 3 : 2;
            case 3 -> draw < 0.2 ? 3 : 2;
            case 9, 4, 7 -> draw < 0.4 ? 8 : 3;
            default -> labels[i];
          };
    }
    assertThat(ClassOrder.of(labels, answers).moved()).as("seed %d", seed).isEmpty();
    assertThat(ClassOrder.of(labels, answers).noBetterThanChance()).isFalse();
  }

  /** The increments of a table: of a few rows a good teacher can be wrong on all. */
  @Test
  void ofFewExamplesNothingIsConcluded() {
    for (int size = 1; size < ClassOrder.FEWEST; size++) {
      int[] labels = IntStream.range(0, size).map(i -> i % 5).toArray();
      int[] answers = Arrays.stream(labels).map(label -> (label + 1) % 5).toArray();
      ClassOrder order = ClassOrder.of(labels, answers);
      assertThat(order.right()).isZero();
      assertThat(order.noBetterThanChance()).as("%d examples", size).isFalse();
      assertThat(order.moved()).as("%d examples", size).isEmpty();
      assertThat(order.isSurelyBelow(1)).as("%d examples", size).isFalse();
      assertThat(order.conclusive()).isFalse();
    }
  }

  @Test
  void ofOneLabelNothingIsConcluded() {
    int[] labels = new int[EXAMPLES];
    Arrays.fill(labels, 3);
    int[] answers = IntStream.range(0, EXAMPLES).map(i -> i % 2 == 0 ? 3 : i % 10).toArray();
    assertThat(ClassOrder.of(labels, answers).noBetterThanChance()).isFalse();
    assertThat(ClassOrder.of(labels, answers).moved()).isEmpty();
    Arrays.fill(answers, 5);
    assertThat(ClassOrder.of(labels, answers).moved()).isEmpty();
  }

  @Test
  void oneAnswerPassesOnlyWhereItIsRightOnMoreThanTwoThirds() {
    for (int share : new int[] {50, 57, 60, 66}) {
      assertThat(always(share).noBetterThanChance()).as("%d %%", share).isTrue();
      assertThat(always(share).moved()).as("%d %%", share).isEmpty();
    }
    for (int share : new int[] {67, 90, 99, 100}) {
      assertThat(always(share).noBetterThanChance()).as("%d %%", share).isFalse();
    }
  }

  /** Always class 0, which that share of the examples is. */
  private static ClassOrder always(int share) {
    int[] labels = IntStream.range(0, 500).map(i -> i % 100 < share ? 0 : 1).toArray();
    return ClassOrder.of(labels, new int[500]);
  }

  /** A tenth are positive; it finds nearly all of them, and calls most others positive, too. */
  @Test
  void aRightModelThatIsOverEagerIsNotCalledExchanged() {
    int[] labels = IntStream.range(0, 1000).map(i -> i % 10 == 0 ? 1 : 0).toArray();
    int[] answers = labels.clone();
    for (int i = 0; i < labels.length; i++) {
      int block = i / 10;
      answers[i] = labels[i] == 1 ? (block % 20 == 0 ? 0 : 1) : (block % 20 < 13 ? 1 : 0);
    }
    ClassOrder order = ClassOrder.of(labels, answers);
    assertThat(order.right()).isEqualTo(95 + 900 * 7 / 20);
    assertThat(order.moved()).isEmpty();
    assertThat(order.noBetterThanChance()).isFalse();

    int[] opposite = Arrays.stream(answers).map(answer -> 1 - answer).toArray();
    assertThat(ClassOrder.of(labels, opposite).right()).isGreaterThan(order.right());
    assertThat(ClassOrder.of(labels, opposite).noBetterThanChance()).isTrue();
  }

  /** A tenth are positive: a good model whose two classes are exchanged is found all the same. */
  @Test
  void exchangedClassesOfARarerEventAreFound() {
    int[] labels = IntStream.range(0, EXAMPLES).map(i -> i % 10 == 0 ? 1 : 0).toArray();
    int[] answers =
        Arrays.stream(labels)
            .map(label -> random.nextDouble() < 0.85 ? 1 - label : label)
            .toArray();
    assertThat(ClassOrder.of(labels, answers).moved())
        .as("seed %d", seed)
        .containsExactly(new Move(0, 1), new Move(1, 0));
  }

  @Test
  void anAccuracyIsBelowAFloorWhenTheWilsonBoundIs() {
    int[] labels = IntStream.range(0, 400).map(i -> i % 2).toArray();
    int[] answers = labels.clone();
    IntStream.range(0, 100).forEach(i -> answers[i] = 1 - answers[i]);
    ClassOrder order = ClassOrder.of(labels, answers);
    // Three quarters of 400: 0.75 + 2 * 0.0217, drawn a little towards one half.
    assertThat(order.isSurelyBelow(0.78)).isFalse();
    assertThat(order.isSurelyBelow(0.80)).isTrue();
  }

  private int[] balanced(int classes) {
    return IntStream.range(0, EXAMPLES).map(i -> random.nextInt(classes)).toArray();
  }

  /** Right on that part, at random on the rest. */
  private int[] skilled(int[] labels, int classes, double skill) {
    return Arrays.stream(labels)
        .map(label -> random.nextDouble() < skill ? label : random.nextInt(classes))
        .toArray();
  }
}
