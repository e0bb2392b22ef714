package io.lakestill.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.error.LakestillException;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Equipment.Draw;
import io.lakestill.objective.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ColumnDrawsTest {
  private static final int STEPS = 4000;

  /** In row 0 columns rank 3, 0, 4, 2, 1; in row 1 the first of two equal ones is the larger. */
  private static final Batch BATCH =
      Batch.of(2)
          .tensor(
              "teacher.logits",
              new Tensor(new int[] {2, 5}, new float[] {-1, 4, -2, 0, 3, 7, -0f, 0, 8, -5}))
          .build();

  private static int[] drawn(Draw draw, int step) {
    Draws draws = new Draws(List.of(draw), 2, Optional.empty(), 5);
    draws.fill(BATCH, step, new int[0]);
    return draws.indices().get(draw.name()).data();
  }

  @Test
  void positionsAreDistinctAndUniform() {
    int[] counts = new int[7];
    Draw draw = new Draw.Positions("index.p", 3, 7);
    for (int step = 1; step <= STEPS; step++) {
      int[] drawn = drawn(draw, step);
      assertThat(Arrays.copyOf(drawn, 3)).doesNotHaveDuplicates();
      assertThat(Arrays.copyOfRange(drawn, 3, 6)).doesNotHaveDuplicates();
      Arrays.stream(drawn).forEach(position -> counts[position]++);
    }
    // Six draws a step; five standard deviations.
    for (int count : counts) {
      assertThat((double) count).isCloseTo(STEPS * 6 / 7.0, within(5 * 55.0));
    }
  }

  @Test
  void outsideLargestDrawsTheRestAlike() {
    int[][] counts = new int[2][5];
    Draw draw = new Draw.OutsideLargest("index.u", "teacher.logits", 2, 2);
    for (int step = 1; step <= STEPS; step++) {
      int[] drawn = drawn(draw, step);
      assertThat(drawn[0]).isNotEqualTo(drawn[1]);
      for (int i = 0; i < 4; i++) {
        counts[i / 2][drawn[i]]++;
      }
    }
    double deviation = Math.sqrt(STEPS * 2.0 / 9);
    for (int column : new int[] {0, 2, 3}) {
      assertThat((double) counts[0][column]).isCloseTo(STEPS * 2 / 3.0, within(5 * deviation));
    }
    assertThat(counts[0][1] + counts[0][4] + counts[1][0] + counts[1][3]).isZero();
  }

  /** Of two ranks drawn by falling weights the better wins: exact probabilities of the first. */
  @Test
  void tournamentPrefersWhatIsLargeAndKeepsWhatIsSmall() {
    int[] counts = new int[5];
    double flatness = 0.5;
    Draw draw = new Draw.Tournament("index.i", "teacher.logits", 4, flatness, 2);
    for (int step = 1; step <= STEPS; step++) {
      int[] drawn = drawn(draw, step);
      assertThat(drawn[0]).isNotEqualTo(drawn[1]);
      counts[drawn[0]]++;
    }
    double[] weights = new double[4];
    Arrays.setAll(weights, rank -> Math.exp(-(rank + 1) / (4 * flatness)));
    double sum = Arrays.stream(weights).sum();
    int[] byRank = {1, 4, 3, 0};
    double better = 0;
    for (int rank = 0; rank < 4; rank++) {
      double own = weights[rank] / sum;
      double wins = Math.pow(1 - better, 2) - Math.pow(1 - better - own, 2);
      better += own;
      assertThat((double) counts[byRank[rank]])
          .isCloseTo(STEPS * wins, within(5 * Math.sqrt(STEPS * wins * (1 - wins))));
    }
    assertThat(counts[2]).as("the fifth of the four largest").isZero();
  }

  @Test
  void ofEqualValuesTheFirstIsTheLarger() {
    int[] drawn = drawn(new Draw.Tournament("index.i", "teacher.logits", 3, 1, 3), 1);
    assertThat(Arrays.copyOfRange(drawn, 3, 6)).containsExactlyInAnyOrder(3, 0, 1);
  }

  /** By weights of {@code exp(-r / 0.004)} no tournament would ever name a second column. */
  @Test
  @Timeout(20)
  void steepWeightsGiveTheLargest() {
    int[] drawn = drawn(new Draw.Tournament("index.i", "teacher.logits", 4, 0.001, 3), 1);

    assertThat(Arrays.copyOf(drawn, 3)).containsExactly(1, 4, 3);
    assertThat(drawn)
        .isEqualTo(drawn(new Draw.Tournament("index.i", "teacher.logits", 4, 0.001, 3), 1));
  }

  @Test
  void theSameStepDrawsTheSame() {
    for (Draw draw :
        List.of(
            new Draw.Positions("index.p", 5, 100),
            new Draw.OutsideLargest("index.u", "teacher.logits", 1, 4),
            new Draw.Tournament("index.i", "teacher.logits", 5, 20, 5))) {
      Draws used = new Draws(List.of(draw), 2, Optional.empty(), 5);
      used.fill(BATCH, 3, new int[0]);
      used.fill(BATCH, 8, new int[0]);
      assertThat(used.indices().get(draw.name()).data()).isEqualTo(drawn(draw, 8));
      assertThat(drawn(draw, 3)).isNotEqualTo(drawn(draw, 8));
    }
  }

  @Test
  void refusesMoreThanThereIs() {
    assertThatThrownBy(() -> drawn(new Draw.OutsideLargest("index.u", "teacher.logits", 3, 3), 1))
        .isInstanceOf(LakestillException.class)
        .hasMessage(
            "'index.u' needs 3 values of 'teacher.logits' beside the 3 largest, but it has 5 in"
                + " all.");
    assertThatThrownBy(() -> drawn(new Draw.Tournament("index.i", "teacher.logits", 6, 1, 2), 1))
        .isInstanceOf(LakestillException.class)
        .hasMessageContaining("2 of the 6 largest of 'teacher.logits', which has 5 values");
  }
}
