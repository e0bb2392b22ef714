package io.lakestill.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AcrossSeedsTest {
  @Test
  void deviationIsOfTheSample() {
    Spread spread = Spread.of(List.of(1.0, 2.0, 4.0));

    assertThat(spread.mean()).isEqualTo(7.0 / 3, within(1e-12));
    assertThat(spread.standardDeviation().orElseThrow())
        .isEqualTo(Math.sqrt((16 + 1 + 25) / 9.0 / 2), within(1e-12));
  }

  @Test
  void oneSeedHasNoDeviation() {
    assertThat(Spread.of(List.of(0.5))).isEqualTo(new Spread(0.5, Optional.empty()));
  }

  @Test
  void winsAndDifferenceAreOfTheSameSeed() {
    AcrossSeeds across = across(new double[] {0.90, 0.92, 0.91}, new double[] {0.89, 0.93, 0.91});
    AcrossSeeds.Twin twin = across.twin().orElseThrow();

    assertThat(across.seeds()).isEqualTo(3);
    assertThat(twin.wins()).isEqualTo(1);
    assertThat(twin.difference().mean()).isEqualTo(0, within(1e-12));
    assertThat(twin.difference().standardDeviation().orElseThrow()).isEqualTo(0.01, within(1e-12));
  }

  @Test
  void aheadIsClearOnlyBeyondTwoStandardErrorsAndThreeSeeds() {
    assertThat(clearlyAhead(new double[] {0.92, 0.93, 0.94}, new double[] {0.90, 0.91, 0.92}))
        .isTrue();
    assertThat(clearlyAhead(new double[] {0.92, 0.99, 0.91}, new double[] {0.90, 0.91, 0.92}))
        .isFalse();
    assertThat(clearlyAhead(new double[] {0.92, 0.93}, new double[] {0.90, 0.91})).isFalse();
    assertThat(clearlyAhead(new double[] {0.90, 0.91, 0.92}, new double[] {0.92, 0.93, 0.94}))
        .isFalse();
  }

  private static boolean clearlyAhead(double[] student, double[] scratch) {
    return across(student, scratch).twin().orElseThrow().clearlyAhead(student.length);
  }

  private static AcrossSeeds across(double[] student, double[] scratch) {
    List<SeedScore> scores = new ArrayList<>();
    for (int i = 0; i < student.length; i++) {
      scores.add(new SeedScore(i, measures(student[i]), Optional.of(measures(scratch[i]))));
    }
    return AcrossSeeds.of(scores);
  }

  private static SeedScore.Measures measures(double accuracy) {
    return new SeedScore.Measures(accuracy, 0.3, Optional.empty());
  }
}
