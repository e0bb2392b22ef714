package io.lakestill.signal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** The expected values were computed with numpy in double. */
class LogitSummaryTest {
  @Test
  void entropyIsOfTheSoftmaxInNatsAndMarginOfItsTopTwo() {
    LogitSummary summary = LogitSummary.of(new float[] {9, 0.1f, 0.2f, 0.3f, 9}, 1, 3);

    assertThat(summary.argmax()).isEqualTo(2);
    assertThat(summary.entropy()).isCloseTo(1.0952873f, within(1e-6f));
    assertThat(summary.margin()).isCloseTo(0.03494041f, within(1e-6f));
  }

  @Test
  void theLowestIndexWinsATie() {
    LogitSummary summary = LogitSummary.of(new float[] {2, -1, 0.5f, 2}, 0, 4);

    assertThat(summary.argmax()).isZero();
    assertThat(summary.entropy()).isCloseTo(1.0340312f, within(1e-6f));
    assertThat(summary.margin()).isZero();
  }

  @Test
  void largeLogitsDoNotOverflow() {
    LogitSummary summary = LogitSummary.of(new float[] {1000, 0, -1000}, 0, 3);

    assertThat(summary).isEqualTo(new LogitSummary(0, 0f, 1f));
  }
}
