package io.lakestill.report.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TicksTest {
  @ParameterizedTest
  @CsvSource({
    "0, 1, 5, 0, 1, 0.2",
    "0.913, 0.968, 4, 0.9, 0.98, 0.02",
    "0, 24, 6, 0, 25, 5",
    "0.5, 0.5, 4, 0.495, 0.505, 0.005",
    "0, 0, 4, -0.0005, 0.0005, 0.0005",
    "-3, 7, 5, -4, 8, 2"
  })
  void stepsAreRound(double low, double high, int about, double first, double last, double step) {
    Ticks ticks = Ticks.enclosing(low, high, about);

    assertThat(ticks.step()).isEqualTo(step, within(1e-12));
    assertThat(ticks.low()).isEqualTo(first, within(1e-12));
    assertThat(ticks.high()).isEqualTo(last, within(1e-12));
  }

  @Test
  void enclosesWhateverTheData() {
    long seed = 20261121;
    Random random = new Random(seed);
    for (int i = 0; i < 2000; i++) {
      double a = random.nextGaussian() * Math.pow(10, random.nextInt(9) - 4);
      double b = a + random.nextDouble() * Math.pow(10, random.nextInt(9) - 4);
      int about = 1 + random.nextInt(8);
      Ticks ticks = Ticks.enclosing(a, b, about);

      String what = "seed %d, case %d: %s to %s".formatted(seed, i, a, b);
      double tolerance = 1e-8 * ticks.step();
      assertThat(ticks.low()).as(what).isLessThanOrEqualTo(a + tolerance);
      assertThat(ticks.high()).as(what).isGreaterThanOrEqualTo(b - tolerance);
      assertThat(ticks.values()).as(what).hasSizeBetween(2, about + 3);
    }
  }

  @Test
  void fractionsStayBetweenNoneAndAll() {
    assertThat(Ticks.ofFractions(0.97, 1, 4).high()).isEqualTo(1, within(1e-12));
    assertThat(Ticks.ofFractions(1, 1, 4).values()).hasSizeGreaterThan(1);
    assertThat(Ticks.ofFractions(0, 0, 4).low()).isEqualTo(0, within(1e-12));
    assertThat(Ticks.ofFractions(0, 0, 4).values()).hasSizeGreaterThan(1);
  }

  @Test
  void labelsTellTicksApart() {
    assertThat(Ticks.enclosing(0, 1, 5).percentDecimals()).isZero();
    assertThat(Ticks.enclosing(0.96, 0.97, 5).percentDecimals()).isEqualTo(1);
    assertThat(Ticks.enclosing(0.96, 0.9602, 5).percentDecimals()).isEqualTo(3);
  }

  @Test
  void scaleIsLinearAndRefusesAnEmptyRange() {
    Scale scale = new Scale(0.9, 1, 240, 40);

    assertThat(scale.position(0.9)).isEqualTo(240);
    assertThat(scale.position(0.95)).isEqualTo(140, within(1e-9));
    assertThat(scale.position(1)).isEqualTo(40);
    assertThatThrownBy(() -> new Scale(1, 1, 0, 1))
        .hasMessage("a scale needs low < high, has 1.0, 1.0");
  }
}
