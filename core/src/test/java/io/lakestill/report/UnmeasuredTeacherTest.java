package io.lakestill.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.SchemaCheck;
import io.lakestill.TestResource;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.report.page.ScorecardPage;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * A teacher that is a table without the test rows: there is a twin to compare with, but no teacher.
 */
class UnmeasuredTeacherTest {
  private static final String SCHEMA = "/io/lakestill/schema/scorecard.v1.schema.json";

  @Test
  void isNamedWhereItsFiguresWouldStand() {
    ObjectNode json = card(List.of("llm")).toJson();

    assertThat(json.has("teacher")).isFalse();
    assertThat(json.at("/unmeasured_teachers/0").textValue()).isEqualTo("llm");
    assertThat(json.at("/scratch/accuracy").isNumber()).isTrue();
    assertThat(json.at("/student").has("agreement")).isFalse();
    assertThat(SchemaCheck.faults(TestResource.json(SCHEMA), json)).isEmpty();
    assertThat(SampleScorecards.small().toJson().has("unmeasured_teachers")).isFalse();
  }

  @Test
  void isReadBack() {
    Scorecard card = card(List.of("llm", "gbt"));

    Scorecard read = Scorecard.fromJson(card.toJson(), "scorecard.json");

    assertThat(read.unmeasured()).containsExactly("llm", "gbt");
    assertThat(read.toJson()).isEqualTo(card.toJson());
  }

  @Test
  void thePageComparesStudentAndTwin() {
    String page = ScorecardPage.html(card(List.of("llm")));

    assertThat(page)
        .contains("Its teacher says nothing of these rows.", "The models compared")
        .doesNotContain("Size and accuracy", "labels alone");
  }

  @Test
  void aGateOnATeacherNeedsOneThatWasMeasured() {
    assertThatThrownBy(
            () -> card(List.of("llm")).judgedBy(List.of(Gate.parse("student.agreement > 0"))))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessageContaining("without a teacher that knows the test rows");
    assertThat(card(List.of("llm")).judgedBy(List.of(Gate.parse("scratch.accuracy >= 0"))).passed())
        .isTrue();
  }

  @Test
  void aTwinWithoutAnyTeacherIsStillRefused() {
    assertThatThrownBy(() -> card(List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("without a teacher there is no scratch twin");
  }

  private static Scorecard card(List<String> unmeasured) {
    Scorecard measured = SampleScorecards.small();
    return new Scorecard(
        measured.provenance(),
        measured.classes(),
        measured.testRows(),
        Optional.empty(),
        alone(measured.student()),
        measured.scratch().map(UnmeasuredTeacherTest::alone),
        measured.perSeed(),
        measured.curves(),
        List.of(),
        List.of(),
        unmeasured);
  }

  private static ModelScore alone(ModelScore model) {
    return new ModelScore(
        model.accuracy(),
        model.crossEntropy(),
        model.calibrationError(),
        model.parameters(),
        model.bytes(),
        model.rowsPerSecond(),
        Optional.empty(),
        model.confusion(),
        model.reliability());
  }
}
