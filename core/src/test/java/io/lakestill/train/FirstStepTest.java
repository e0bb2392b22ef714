package io.lakestill.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class FirstStepTest {
  private static TermReport term(String name, double weight, double norm) {
    return new TermReport(name, weight, 2, norm);
  }

  @Test
  void warnsOfAGradientAHundredTimesAnother() {
    FirstStep step =
        new FirstStep(
            List.of(term("kd-kl", 0.9, 0.05), term("crd", 80, 5.5), term("silent", 0, 0)));

    assertThat(step.imbalance())
        .hasValueSatisfying(
            warning ->
                assertThat(warning)
                    .contains("'crd' (weight 80.0) is 110 times that of 'kd-kl' (weight 0.9)"));
  }

  @Test
  void isSilentAboutLess() {
    assertThat(new FirstStep(List.of(term("a", 1, 1), term("b", 1, 100))).imbalance()).isEmpty();
    assertThat(new FirstStep(List.of(term("a", 1, 0), term("b", 1, 5))).imbalance()).isEmpty();
    assertThat(new FirstStep(List.of(term("a", 1, 0))).imbalance()).isEmpty();
  }

  @Test
  void averagesOverWorkers() {
    FirstStep step =
        FirstStep.mean(
            List.of(
                List.of(new TermReport("a", 0.5, 1, 3), term("b", 1, 1)),
                List.of(new TermReport("a", 0.5, 2, 5), term("b", 1, 2))));

    assertThat(step.terms()).containsExactly(new TermReport("a", 0.5, 1.5, 4), term("b", 1, 1.5));
  }
}
