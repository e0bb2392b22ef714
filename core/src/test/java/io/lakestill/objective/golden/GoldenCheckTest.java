package io.lakestill.objective.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import io.lakestill.TestResource;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.Objectives;
import org.junit.jupiter.api.Test;

class GoldenCheckTest {
  /** One row, two classes, label 0: loss log 2, gradient -1/2 and 1/2. */
  private static final String CASE =
      """
      {"objective": "%s", "cases": [{"name": "one_row", "params": {},
        "inputs": {"student.logits": {"shape": [1, 2], "data": [%s, 3.0]},
                   "labels": {"shape": [1], "data": [0]}},
        "expected": {"loss": %s, "grad": {"%s": [%s, 0.5]}}}]}
      """;

  private static final String LOG_2 = "0.69314718056";

  private static GoldenOutcome outcome(
      String objective, String logit, String loss, String input, String gradient) {
    String text = CASE.formatted(objective, logit, loss, input, gradient);
    return new GoldenCheck(new Objectives()).run(GoldenFile.read(text, "case.json").get(0));
  }

  @Test
  void passesWhatIsRight() {
    GoldenOutcome outcome = outcome("cross_entropy", "3.0", LOG_2, "student.logits", "-0.5");
    assertThat(outcome.passed()).isTrue();
    assertThat(outcome.line()).startsWith("PASS cross-entropy one_row ");
  }

  @Test
  void failsOnAnotherLoss() {
    GoldenOutcome outcome = outcome("cross_entropy", "3.0", "0.6933", "student.logits", "-0.5");
    assertThat(outcome.passed()).isFalse();
    assertThat(outcome.line()).isEqualTo("FAIL cross-entropy one_row 1.5e-04 0.0e+00");
  }

  @Test
  void failsOnAnotherGradient() {
    GoldenOutcome outcome = outcome("cross_entropy", "3.0", LOG_2, "student.logits", "-0.501");
    assertThat(outcome.passed()).isFalse();
    assertThat(outcome.gradientError()).isGreaterThan(1e-3);
  }

  @Test
  void failsWhereAGradientIsMissing() {
    GoldenOutcome outcome = outcome("cross_entropy", "3.0", LOG_2, "student.embedding", "-0.5");
    assertThat(outcome.line())
        .startsWith("FAIL")
        .endsWith("gives no gradient for student.embedding");
  }

  @Test
  void failsOnInputThatIsNotFinite() {
    GoldenOutcome outcome = outcome("cross_entropy", "1e99", LOG_2, "student.logits", "-0.5");
    assertThat(outcome.line()).startsWith("FAIL").contains("'student.logits' is Infinity in row 0");
  }

  @Test
  void failsOnAnUnknownObjective() {
    GoldenOutcome outcome = outcome("crossentropy", "3.0", LOG_2, "student.logits", "-0.5");
    assertThat(outcome.line()).startsWith("FAIL").contains("unknown objective 'crossentropy'");
  }

  @Test
  void refusesAFileWithoutCases() {
    assertThatThrownBy(() -> GoldenFile.read("{\"objective\": \"kd_kl\"}", "case.json"))
        .isInstanceOf(LakestillException.class)
        .hasMessageContaining("'case.json' has no field 'cases'");
  }

  @Test
  void failsOnAnotherStateAfterTheStep() {
    String text = TestResource.text("/golden/objectives/crd.json");
    GoldenCase golden = GoldenFile.read(text, "crd.json").get(0);
    GoldenCheck check = new GoldenCheck(new Objectives());
    assertThat(check.run(golden).passed()).isTrue();
    assertThat(check.run(golden).passed()).as("a check leaves its case as it was").isTrue();
    ArrayNode bank = (ArrayNode) golden.expected().at("/state_after/state.bank_student/data");
    bank.set(0, bank.get(0).asDouble() + 0.01);
    GoldenOutcome outcome = check.run(golden);
    assertThat(outcome.passed()).isFalse();
    assertThat(outcome.gradientError()).isGreaterThan(1e-3);
  }

  @Test
  void namesWhatItDoesNotCompare() {
    String text =
        CASE.formatted("kd_kl", "3.0", "0", "student.logits", "0")
            .replace(
                "\"expected\": {",
                "\"expected\": {\"terms\": {\"soft\": 1}, \"outputs\": {\"mass\": [1]},"
                    + " \"term_grad\": {\"soft\": {}}, \"hessian\": [], ")
            .replace("\"labels\"", "\"teacher.logits\"")
            .replace("\"shape\": [1], \"data\": [0]", "\"shape\": [1, 2], \"data\": [0, 0]");
    GoldenOutcome outcome =
        new GoldenCheck(new Objectives()).run(GoldenFile.read(text, "case.json").get(0));
    assertThat(outcome.failure()).isEmpty();
    assertThat(outcome.notCompared())
        .containsExactly("terms.soft", "outputs.mass", "term_grad.soft", "hessian");
    assertThat(outcome("cross_entropy", "3.0", LOG_2, "student.logits", "-0.5").notCompared())
        .isEmpty();
  }

  @Test
  void refusesShapesThatTheirNumbersDoNotFill() {
    String text =
        CASE.formatted("cross_entropy", "3.0", LOG_2, "student.logits", "-0.5")
            .replace("[1, 2]", "[2, 2]");
    assertThatThrownBy(() -> GoldenFile.read(text, "case.json"))
        .isInstanceOf(LakestillException.class)
        .hasMessage(
            "'case.json, case one_row': 'inputs' is not sound: Shape [2, 2] needs 4 values, the"
                + " array has 2; restore it or write it again.");
  }
}
