package io.lakestill.report.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class BreakEvenTest {
  /** 8 views of 54,000 examples and 6,000 to validate: 438,000 rows, as many as 8.1 epochs. */
  private static final BreakEven PASS = new BreakEven(54_000, 438_000, 1);

  @Test
  void countsAPassInEpochs() {
    assertThat(PASS.epochs()).isCloseTo(8.1111, within(1e-4));
    assertThat(PASS.wholeEpochs()).isEqualTo(9);
    assertThat(PASS.factor(480)).isCloseTo(59.2, within(0.1));
  }

  @Test
  void countsTrainingsOfSoManyEpochs() {
    assertThat(PASS.trainings(3)).isEqualTo(3);
    assertThat(PASS.trainings(9)).isEqualTo(1);
    assertThat(PASS.trainings(8)).isEqualTo(2);
  }

  @Test
  void aPassThatWritesCostsMore() {
    BreakEven slow = new BreakEven(1000, 1000, 1.5);

    assertThat(slow.epochs()).isEqualTo(1.5);
    assertThat(slow.wholeEpochs()).isEqualTo(2);
    assertThat(slow.factor(3)).isEqualTo(2);
  }

  @Test
  void refusesAPassOfFewerRowsThanExamples() {
    assertThatThrownBy(() -> new BreakEven(10, 9, 1)).hasMessageContaining("9 rows of a pass");
    assertThatThrownBy(() -> new BreakEven(10, 10, 0)).hasMessageContaining("cost 0.0");
  }
}
