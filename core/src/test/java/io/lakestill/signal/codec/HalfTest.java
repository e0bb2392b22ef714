package io.lakestill.signal.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class HalfTest {
  /** Straight from the definition: sign, exponent, fraction. */
  private static double defined(int half) {
    int exponent = (half >> 10) & 0x1f;
    int fraction = half & 0x3ff;
    double magnitude =
        exponent == 0
            ? Math.scalb((double) fraction, -24)
            : Math.scalb(1 + fraction / 1024.0, exponent - 15);
    return (half & 0x8000) == 0 ? magnitude : -magnitude;
  }

  @Test
  void everyHalfIsTheFloatThatTheStandardDefines() {
    for (int half = 0; half <= 0xffff; half++) {
      float value = Half.value((short) half);
      if ((half & 0x7c00) == 0x7c00) {
        Float infinity = half < 0x8000 ? Float.POSITIVE_INFINITY : Float.NEGATIVE_INFINITY;
        assertThat((Float) value)
            .isEqualTo((half & 0x3ff) == 0 ? infinity : Float.valueOf(Float.NaN));
      } else {
        assertThat((double) value).isEqualTo(defined(half));
      }
    }
  }

  @Test
  void everyHalfSurvivesTheRoundTrip() {
    for (int half = 0; half <= 0xffff; half++) {
      float value = Half.value((short) half);
      if (!Float.isNaN(value)) {
        assertThat(Half.of(value)).as("%04x", half).isEqualTo((short) half);
      }
    }
    assertThat(Half.value(Half.of(Float.NaN))).isNaN();
    assertThat(Half.value(Half.of(Float.intBitsToFloat(0xff80_0001)))).isNaN();
  }

  /** Between any two neighbours: below the middle, above it, and the middle itself to even. */
  @Test
  void roundsToTheNearestAndTiesToEven() {
    for (int half = 0; half < 0x7bff; half++) {
      float below = Half.value((short) half);
      float above = Half.value((short) (half + 1));
      float middle = (float) (((double) below + above) / 2);
      for (int sign : new int[] {0, 0x8000}) {
        float signed = sign == 0 ? 1 : -1;
        assertThat(Half.of(signed * Math.nextDown(middle))).isEqualTo((short) (sign | half));
        assertThat(Half.of(signed * Math.nextUp(middle))).isEqualTo((short) (sign | (half + 1)));
        assertThat(Half.of(signed * middle))
            .as("the middle above %04x", half)
            .isEqualTo((short) (sign | (half + (half & 1))));
      }
    }
  }

  @Test
  void overflowsHalfwayBeyondTheLargest() {
    assertThat(Half.value(Half.of(Math.nextDown(Half.OVERFLOW)))).isEqualTo(65_504f);
    assertThat(Half.value(Half.of(Half.OVERFLOW))).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(Half.value(Half.of(-Float.MAX_VALUE))).isEqualTo(Float.NEGATIVE_INFINITY);
    assertThat(Half.value(Half.of(Float.NEGATIVE_INFINITY))).isEqualTo(Float.NEGATIVE_INFINITY);
  }

  @Test
  void zerosAndWhatIsTooSmallKeepTheirSign() {
    assertThat(Half.of(-0f)).isEqualTo((short) 0x8000);
    assertThat(Half.of(Float.MIN_VALUE)).isZero();
    assertThat(Half.of(-0x1p-25f)).as("the tie with zero").isEqualTo((short) 0x8000);
    assertThat(Half.of(Math.nextUp(0x1p-25f))).isEqualTo((short) 1);
  }

  @Test
  void theErrorIsHalfAUnitInTheLastPlace() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 1_000_000; i++) {
      float value = Float.intBitsToFloat(random.nextInt());
      if (Math.abs(value) < Half.OVERFLOW) {
        double bound = Math.max(Math.abs((double) value) * 0x1p-11, 0x1p-25);
        assertThat(Math.abs((double) Half.value(Half.of(value)) - value))
            .as("seed %d, value %s", seed, value)
            .isLessThanOrEqualTo(bound);
      }
    }
  }
}
