package io.lakestill.error;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErrorsTest {
  @ParameterizedTest
  @CsvSource({
    "student.logits, DIVERGED",
    "weight.projector, DIVERGED",
    "bias.projector/0, DIVERGED",
    "teacher.logits, BAD_INPUT",
    "state.bank, BAD_INPUT"
  })
  void whatLearnsDivergesAndWhatIsGivenIsBad(String input, ExitCode code) {
    LakestillException error = Errors.notFinite(input, 3, Double.NaN);

    assertThat(error.exitCode()).isEqualTo(code);
    assertThat(error).hasMessageContaining("'" + input + "' is NaN in row 3");
  }
}
