package io.lakestill.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GateTest {
  private static final JsonNode FULL = SampleScorecards.fiveSeeds().toJson();

  @ParameterizedTest
  @CsvSource({
    "student.parameters >= 2410, true",
    "student.parameters > 2410, false",
    "student.parameters <= 2410, true",
    "student.parameters < 2410, false",
    "2410 <= student.parameters, true",
    "student.parameters <= 0.1 * teacher.parameters, true",
    "student.parameters <= 1e-2*teacher.parameters, false",
    "student.accuracy > scratch.accuracy, true",
    "student.accuracy>=.5, true",
    "across_seeds.mean_difference > -1, true",
    "across_seeds.wins >= 1 * across_seeds.seeds, true"
  })
  void comparesTheTwoSides(String condition, boolean passed) {
    assertThat(Gate.parse(condition).evaluate(FULL).passed()).isEqualTo(passed);
  }

  @Test
  void reportsTheValuesOfBothSides() {
    GateResult result = Gate.parse("student.parameters <= 0.5 * teacher.parameters").evaluate(FULL);

    assertThat(result)
        .isEqualTo(
            new GateResult(
                "student.parameters <= 0.5 * teacher.parameters", 2410, 0.5 * 61_482, true));
  }

  @Test
  void namesTheMeasuresItNeeds() {
    assertThat(Gate.parse("student.bytes < 0.2 * teacher.bytes").paths())
        .containsExactly("student.bytes", "teacher.bytes");
    assertThat(Gate.parse("0.9 < student.accuracy").paths()).containsExactly("student.accuracy");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "student.accuracy",
        "student.accuracy = 0.9",
        "student.accuracy == 0.9",
        "student.accuracy => 0.9",
        "0.1 < student.accuracy < 0.9",
        "> 0.9"
      })
  void refusesWhatIsNoCondition(String condition) {
    assertThatThrownBy(() -> Gate.parse(condition))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(
            "'" + condition + "' is not a condition: write two sides with one of");
  }

  @ParameterizedTest
  @ValueSource(strings = {"student.acuracy", "teacher.agreement", "confusion", "passed", "a.b"})
  void refusesAnUnknownMeasureAndNamesTheKnownOnes(String path) {
    assertThatThrownBy(() -> Gate.parse(path + " > 0"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + path + "' in '" + path + " > 0' is not a measure")
        .hasMessageContaining("student.accuracy, ")
        .hasMessageContaining("across_seeds.mean_difference");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"student.accuracy * 2", "0.9 student.accuracy", "90%", "1 + 2", "2 * 3", "NaN"})
  void refusesASideItDoesNotKnow(String side) {
    assertThatThrownBy(() -> Gate.parse("student.accuracy > " + side))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + side + "'");
  }

  @Test
  void refusesTwoNumbersAndInfinity() {
    assertThatThrownBy(() -> Gate.parse("1 > 0"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("compares two numbers");
    assertThatThrownBy(() -> Gate.parse("student.accuracy < 1e999"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must be a finite number");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "student.accuracy > scratch.accuracy",
        "student.accuracy > 0.9 * teacher.accuracy",
        "across_seeds.mean_difference > 0",
        "student.agreement > 0.9",
        "across_seeds.student_accuracy.standard_deviation < 0.1"
      })
  void missingMeasureIsAnErrorAndNotAFailedGate(String condition) {
    JsonNode alone = SampleScorecards.studentOnly().toJson();

    assertThatThrownBy(() -> Gate.parse(condition).evaluate(alone))
        .hasMessageContaining("Gate '" + condition + "' needs ")
        .hasMessageContaining("which this scorecard does not have")
        .extracting(e -> ((LakestillException) e).exitCode())
        .isEqualTo(ExitCode.BAD_RECIPE);
  }

  @Test
  void everyNumberOfTheModelsAndAcrossSeedsMayBeGated() {
    List<String> numbers = new ArrayList<>(List.of("test_rows"));
    for (String section : List.of("teacher", "student", "scratch", "across_seeds")) {
      collectNumbers(FULL.get(section), section, numbers);
    }

    assertThat(GateSide.PATHS).containsExactlyInAnyOrderElementsOf(numbers);
  }

  private static void collectNumbers(JsonNode node, String path, List<String> numbers) {
    if (node.isNumber()) {
      numbers.add(path);
    }
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      collectNumbers(field.getValue(), path + "." + field.getKey(), numbers);
    }
  }
}
