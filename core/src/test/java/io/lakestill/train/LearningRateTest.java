package io.lakestill.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.recipe.OptimizerSettings.Schedule;
import org.junit.jupiter.api.Test;

class LearningRateTest {
  @Test
  void constantStays() {
    LearningRate rate = new LearningRate(0.3, Schedule.CONSTANT, 10);

    assertThat(rate.at(1)).isEqualTo(0.3);
    assertThat(rate.at(10)).isEqualTo(0.3);
  }

  @Test
  void cosineGoesDownHalfAWave() {
    LearningRate rate = new LearningRate(0.2, Schedule.COSINE, 100);

    assertThat(rate.at(1)).isEqualTo(0.2);
    assertThat(rate.at(51)).isCloseTo(0.1, within(1e-12));
    assertThat(rate.at(26)).isCloseTo(0.1 * (1 + Math.sqrt(0.5)), within(1e-12));
    assertThat(rate.at(100)).isBetween(0.0, 1e-4);
    for (int step = 2; step <= 100; step++) {
      assertThat(rate.at(step)).isLessThan(rate.at(step - 1));
    }
    assertThat(rate.at(101)).isEqualTo(rate.at(100));
  }
}
