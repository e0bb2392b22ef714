package io.lakestill.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.signal.codec.Topk;
import io.lakestill.signal.codec.TopkRow;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StorageLossTest {
  /** The logarithms of 1/2, 1/4, 1/8, 1/8, raised by one. */
  private static final float[] LOGITS = {
    (float) (1 - Math.log(2)),
    (float) (1 - Math.log(4)),
    (float) (1 - Math.log(8)),
    (float) (1 - Math.log(8))
  };

  /**
   * At T = 1, k = 1: the others get 1/6 each, so KL = 1/4 ln(3/2) + 2/8 ln(3/4). At T = 2 the
   * probabilities are as their roots. Of two equal others spreading evenly loses nothing.
   */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 0.5, 0.02944575891409587",
    "1, 2, 0.75, 0",
    "1, 3, 0.875, 0",
    "2, 1, 0.36939806251812934, 0.008967533386258442",
    "2, 2, 0.6306019374818708, 0"
  })
  void isWhatOneWorksOutByHand(double temperature, int k, double mass, double divergence) {
    StorageLoss loss = new StorageLoss(4, temperature);
    add(loss, LOGITS, 0, 4, k, temperature);

    assertThat(loss.retainedMass()).isCloseTo(mass, within(1e-7));
    assertThat(loss.retainedMass(0.01)).isEqualTo(loss.retainedMass());
    assertThat(loss.divergence()).isCloseTo(divergence, within(1e-7));
    assertThat(loss.largestDivergence()).isEqualTo(loss.divergence());
    assertThat(loss.agreement()).isEqualTo(1);
    assertThat(loss.temperature()).isEqualTo(temperature);
  }

  /** The rows as {@code topk} gives them back. */
  private static void add(
      StorageLoss loss, float[] logits, int offset, int classes, int k, double temperature) {
    TopkRow row = TopkRow.of(logits, offset, classes, new Topk(k, List.of(temperature)));
    float[] decoded = new float[classes];
    row.spread(k, 0, temperature, decoded, 0, classes);
    loss.add(logits, offset, decoded, 1 - row.restMass(k, 0, temperature));
  }

  @Test
  void agreesWithTheClosedFormOnRandomRows() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int classes = 30;
    int rows = 200;
    float[] logits = new float[rows * classes];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (4 * random.nextGaussian());
    }
    StorageLoss loss = new StorageLoss(classes, 2);
    double expected = 0;
    double mass = 0;
    double smallest = 1;
    for (int row = 0; row < rows; row++) {
      add(loss, logits, row * classes, classes, 5, 2);
      double retained = RetainedMass.of(logits, row * classes, classes, 2, 5);
      mass += retained / rows;
      smallest = Math.min(smallest, retained);
      double[] log = new double[classes];
      LogSoftmax.of(logits, row * classes, classes, 2, log);
      Arrays.sort(log);
      for (int c = 0; c < classes - 5; c++) {
        expected += Math.exp(log[c]) * (log[c] - Math.log((1 - retained) / (classes - 5))) / rows;
      }
    }

    assertThat(loss.divergence()).as("seed %d", seed).isCloseTo(expected, within(1e-6));
    assertThat(loss.retainedMass()).as("seed %d", seed).isCloseTo(mass, within(1e-9));
    assertThat(loss.retainedMass(0.005)).as("seed %d", seed).isCloseTo(smallest, within(1e-9));
  }

  @Test
  void theFirstPercentileIsOfTheLowestRows() {
    StorageLoss loss = new StorageLoss(4, 1);
    for (int row = 0; row < 2000; row++) {
      loss.add(LOGITS, 0, LOGITS, row < 20 ? 0.25 : 1);
    }

    assertThat(loss.retainedMass(0.01)).isEqualTo(0.25);
    assertThat(loss.retainedMass(0.011)).isEqualTo(1);
    assertThat(loss.retainedMass()).isCloseTo(0.9925, within(1e-12));
  }

  @Test
  void countsRowsWhoseLikeliestClassChanges() {
    StorageLoss loss = new StorageLoss(3, 1);
    loss.add(new float[] {1, 2, 3}, 0, new float[] {1, 2, 3}, 1);
    loss.add(new float[] {1, 2, 3}, 0, new float[] {1, 3, 3}, 1);
    loss.add(new float[] {9, 9, 0, 5, 5, 1}, 3, new float[] {5, 5, 1}, 1);

    assertThat(loss.agreement()).isCloseTo(2 / 3.0, within(1e-12));
  }

  @Test
  void survivesLogitsThatAreHuge() {
    StorageLoss loss = new StorageLoss(3, 1);
    add(loss, new float[] {60_000, -60_000, 0}, 0, 3, 1, 1);

    assertThat(loss.divergence()).isZero();
    assertThat(loss.retainedMass()).isEqualTo(1);
  }

  @Test
  void refusesToSpeakOfNothing() {
    assertThatThrownBy(() -> new StorageLoss(3, 1).divergence())
        .hasMessageContaining("no row was counted");
    assertThatThrownBy(() -> new StorageLoss(3, 0)).hasMessageContaining("temperature 0.0");
  }
}
