package io.lakestill.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** The expected values were computed by a separate program in Python. */
class ViewRandomTest {
  @Test
  void drawsTheSameBitsForEver() {
    ViewRandom random = random();

    assertThat(new long[] {random.nextLong(), random.nextLong(), random.nextLong()})
        .containsExactly(0x3ee3e7ea72cd1009L, 0x960ca5e05ed35577L, 0xb85ba57c3d7241c6L);
  }

  @Test
  void drawsTheSameNumbersForEver() {
    assertThat(random().nextDouble()).isEqualTo(0.24566506837691215);
    ViewRandom offsets = random();
    int[] drawn = new int[12];
    for (int i = 0; i < drawn.length; i++) {
      drawn[i] = offsets.nextInt(5);
    }
    assertThat(drawn).containsExactly(1, 2, 3, 1, 0, 0, 1, 1, 0, 1, 0, 1);
    ViewRandom gaussians = random();
    double[] expected = {
      -0.6435922895782172, -0.3868159397069908, -1.2213847455078983, 1.0272346531006453
    };
    for (double value : expected) {
      assertThat(gaussians.nextGaussian()).isCloseTo(value, within(1e-14));
    }
  }

  @Test
  void dependsOnEveryPartOfItsKey() {
    assertThat(
            new long[] {
              random().nextLong(),
              new ViewRandom("train-000043", 3, 7).nextLong(),
              new ViewRandom("train-000042", 4, 7).nextLong(),
              new ViewRandom("train-000042", 3, 8).nextLong()
            })
        .doesNotHaveDuplicates();
  }

  @Test
  void gaussiansHaveTheMomentsOfTheNormalDistribution() {
    ViewRandom random = new ViewRandom("moments", 1, 1);
    int draws = 200_000;
    double sum = 0;
    double squares = 0;
    double fourth = 0;
    for (int i = 0; i < draws; i++) {
      double value = random.nextGaussian();
      sum += value;
      squares += value * value;
      fourth += value * value * value * value;
    }
    // Four standard errors.
    assertThat(sum / draws).isCloseTo(0, within(4 / Math.sqrt(draws)));
    assertThat(squares / draws).isCloseTo(1, within(4 * Math.sqrt(2.0 / draws)));
    assertThat(fourth / draws).isCloseTo(3, within(4 * Math.sqrt(96.0 / draws)));
  }

  private static ViewRandom random() {
    return new ViewRandom("train-000042", 3, 7);
  }
}
