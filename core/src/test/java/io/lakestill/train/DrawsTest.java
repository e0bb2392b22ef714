package io.lakestill.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Equipment.Draw;
import io.lakestill.objective.Indices;
import io.lakestill.objective.State;
import io.lakestill.objective.Tensor;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DrawsTest {
  /** Class 1 has no sample, class 3 has one. */
  private static final int[] LABELS = {0, 2, 0, 2, 2, 3, 0, 2, 0, 2};

  private static final int[] SAMPLES = {0, 5, 9, 0};
  private static final int ROWS = 4;
  private static final long SEED = 17;

  private static Shard shard(int worker, int... labels) {
    return new Shard(worker, IntStream.range(0, labels.length).toArray(), labels, new State());
  }

  private static Batch batch() {
    return Batch.of(ROWS)
        .tensor(
            "teacher.logits",
            new Tensor(new int[] {ROWS, 3}, new float[] {1, 3, 2, 5, 5, 5, -1, -3, -2, 0, 2, 2}))
        .build();
  }

  private static Draws draws(Draw draw, Shard shard) {
    return new Draws(List.of(draw), ROWS, Optional.of(shard), SEED);
  }

  private static int[] drawn(Draw draw, Shard shard, int step) {
    Draws draws = draws(draw, shard);
    draws.fill(batch(), step, SAMPLES);
    return draws.indices().get(draw.name()).data();
  }

  @Test
  void samplesAreTheRows() {
    assertThat(drawn(new Draw.Samples("index.s"), shard(0, LABELS), 1)).isEqualTo(SAMPLES);
  }

  @Test
  void otherSamplesAreAllOthersAlike() {
    int[] counts = new int[LABELS.length];
    Draw draw = new Draw.OtherSamples("index.n", 50);
    for (int step = 1; step <= 400; step++) {
      int[] drawn = drawn(draw, shard(0, LABELS), step);
      for (int k = 0; k < 50; k++) {
        assertThat(drawn[50 + k]).isNotEqualTo(5);
        counts[drawn[50 + k]]++;
      }
    }
    assertUniform(counts, Set.of(0, 1, 2, 3, 4, 6, 7, 8, 9), 20_000);
  }

  @Test
  void otherClassesAreTheirSamplesAlike() {
    int[] counts = new int[LABELS.length];
    Draw draw = new Draw.OtherClasses("index.n", 50);
    for (int step = 1; step <= 400; step++) {
      int[] drawn = drawn(draw, shard(0, LABELS), step);
      for (int k = 0; k < 50; k++) {
        counts[drawn[2 * 50 + k]]++;
      }
    }
    // Row 2 is sample 9, of class 2.
    assertUniform(counts, Set.of(0, 2, 5, 6, 8), 20_000);
  }

  @Test
  void sameClassBeginsWithTheRowItself() {
    int[] counts = new int[LABELS.length];
    Draw draw = new Draw.SameClass("index.p", 5);
    for (int step = 1; step <= 4000; step++) {
      int[] drawn = drawn(draw, shard(0, LABELS), step);
      assertThat(drawn[2 * 5]).isEqualTo(9);
      for (int k = 1; k < 5; k++) {
        counts[drawn[2 * 5 + k]]++;
      }
      // Sample 5 is the only one of its class.
      assertThat(Arrays.copyOfRange(drawn, 5, 10)).containsOnly(5);
    }
    assertUniform(counts, Set.of(1, 3, 4, 7), 16_000);
  }

  /** Within five standard deviations of a uniform draw; nothing else is drawn. */
  private static void assertUniform(int[] counts, Set<Integer> from, int all) {
    double part = 1.0 / from.size();
    double deviation = Math.sqrt(all * part * (1 - part));
    for (int sample = 0; sample < counts.length; sample++) {
      double expected = from.contains(sample) ? all * part : 0;
      double tolerance = from.contains(sample) ? 5 * deviation : 0;
      assertThat((double) counts[sample])
          .as("sample %d", sample)
          .isCloseTo(expected, within(tolerance));
    }
  }

  @Test
  void shardLabelsAreThoseOfEverySample() {
    assertThat(drawn(new Draw.ShardLabels("index.l"), shard(0, LABELS), 1)).isEqualTo(LABELS);
  }

  @Test
  void permutationsHoldEveryRowOnceAndDiffer() {
    Set<List<Integer>> orders = new HashSet<>();
    for (int step = 1; step <= 200; step++) {
      int[] order = drawn(new Draw.Permutation("index.o"), shard(0, LABELS), step);
      assertThat(order).containsExactlyInAnyOrder(0, 1, 2, 3);
      orders.add(Arrays.stream(order).boxed().toList());
    }
    assertThat(orders).hasSize(24);
  }

  @Test
  void largestComeInOrderAndTheFirstOfEqualOnesFirst() {
    Draw draw = new Draw.Largest("index.t", "teacher.logits", 2);

    assertThat(drawn(draw, shard(0, LABELS), 1)).containsExactly(1, 2, 0, 1, 0, 2, 1, 2);
  }

  @Test
  void largestOfFewerValuesIsRefused() {
    Draw draw = new Draw.Largest("index.t", "teacher.logits", 4);

    assertRefused(() -> drawn(draw, shard(0, LABELS), 1), "4 largest", "which has 3 values");
  }

  @Test
  void fixedNumbersStay() {
    Indices values = new Indices(new int[] {2, 2}, new int[] {4, 3, 2, 1});

    assertThat(drawn(new Draw.Fixed("index.f", values), shard(0, LABELS), 9))
        .isSameAs(values.data());
  }

  @Test
  void theSameStepDrawsTheSameAndAnythingElseDrawsOtherwise() {
    Draw draw = new Draw.OtherSamples("index.n", 20);
    int[] drawn = drawn(draw, shard(3, LABELS), 7);

    Draws used = draws(draw, shard(3, LABELS));
    used.fill(batch(), 2, new int[] {1, 2, 3, 4});
    used.fill(batch(), 7, SAMPLES);
    assertThat(used.indices().get("index.n").data()).isEqualTo(drawn);

    assertThat(drawn(draw, shard(3, LABELS), 8)).isNotEqualTo(drawn);
    assertThat(drawn(draw, shard(2, LABELS), 7)).isNotEqualTo(drawn);
    assertThat(drawn(new Draw.OtherSamples("index.m", 20), shard(3, LABELS), 7))
        .isNotEqualTo(drawn);
    Draws other = new Draws(List.of(draw), ROWS, Optional.of(shard(3, LABELS)), SEED + 1);
    other.fill(batch(), 7, SAMPLES);
    assertThat(other.indices().get("index.n").data()).isNotEqualTo(drawn);
  }

  @Test
  void drawsWithoutAShardNeedNone() {
    Draws draws =
        new Draws(
            List.of(
                new Draw.Permutation("index.o"), new Draw.Largest("index.t", "teacher.logits", 1)),
            ROWS,
            Optional.empty(),
            SEED);

    draws.fill(batch(), 0, new int[0]);

    assertThat(draws.indices().get("index.o").data()).containsExactlyInAnyOrder(0, 1, 2, 3);
    assertThat(draws.indices().get("index.t").data()).containsExactly(1, 0, 0, 1);
  }

  @Test
  void vectorsHaveOneAxisAndTablesTwo() {
    Draws draws =
        new Draws(
            List.of(new Draw.Samples("index.s"), new Draw.SameClass("index.p", 3)),
            ROWS,
            Optional.of(shard(0, LABELS)),
            SEED);

    assertThat(draws.indices().get("index.s").width()).isEqualTo(1);
    assertThat(draws.indices().get("index.p").rows()).isEqualTo(ROWS);
    assertThat(draws.indices().get("index.p").width()).isEqualTo(3);
  }

  @Test
  void aShardOfOneClassHasNoOtherClasses() {
    assertRefused(
        () -> drawn(new Draw.OtherClasses("index.n", 2), shard(6, 1, 1, 1, 1, 1, 1), 1),
        "'index.n' needs samples of other classes",
        "all 6 training rows of worker 6 are of class 1",
        "fewer cores");
  }

  @Test
  void aShardOfOneSampleHasNoOthers() {
    assertRefused(
        () -> drawn(new Draw.OtherSamples("index.n", 2), shard(6, 1), 1),
        "'index.n' needs other samples",
        "worker 6 has one training row");
  }

  private static void assertRefused(Runnable drawing, String... messages) {
    assertThatThrownBy(drawing::run)
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContainingAll(messages);
  }
}
