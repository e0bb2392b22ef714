package io.lakestill.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakestill.recipe.Problem;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.RecipeReader;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The golden values are the rates of PyTorch 2.6's {@code CosineAnnealingLR}, {@code PolynomialLR},
 * {@code MultiStepLR} and {@code OneCycleLR} at every step, with {@code LinearLR} before them.
 */
class LearningRateTest {
  private static final String RECIPE =
      """
      name = digits
      output = out
      data {
        train = train.parquet
        test = test.parquet
        classes = [no, yes]
        features { columns = [pixels], shape = [1, 8, 8] }
      }
      student { architecture = mlp, hidden = [32] }
      train {
        objectives = [{ type = cross-entropy }]
        optimizer { learning-rate = 0.1, %s }
      }
      """;

  private final Problems problems = new Problems();

  private Optional<Recipe> read(String schedule) {
    return new RecipeReader("/home", "/recipes")
        .read(RECIPE.formatted(schedule), "test.conf", List.of(), problems);
  }

  private LearningRate rate(String schedule, int steps) {
    Optional<Recipe> recipe = read(schedule);
    assertThat(problems.found()).isEmpty();
    return LearningRate.of(recipe.orElseThrow().train().optimizer(), steps);
  }

  private static JsonNode golden() throws IOException {
    try (InputStream file =
        LearningRateTest.class.getResourceAsStream("/golden/learning-rates.json")) {
      return new ObjectMapper().readTree(file);
    }
  }

  static Stream<String> schedules() throws IOException {
    Iterable<String> names = golden().get("rates")::fieldNames;
    return StreamSupport.stream(names.spliterator(), false);
  }

  @ParameterizedTest
  @MethodSource("schedules")
  void goesAsInPyTorch(String schedule) throws IOException {
    JsonNode golden = golden();
    int steps = golden.get("steps").asInt();
    LearningRate rate = rate(schedule, steps);

    for (int step = 1; step <= steps; step++) {
      assertThat(rate.at(step))
          .as("step %d", step)
          .isCloseTo(golden.get("rates").get(schedule).get(step - 1).asDouble(), within(1e-9));
    }
    assertThat(rate.at(steps + 1)).isEqualTo(rate.at(steps));
    assertThat(rate.at(0)).isEqualTo(rate.at(1));
  }

  @ParameterizedTest
  @CsvSource({"constant", "cosine", "polynomial", "step", "one-cycle"})
  void oneStepHasARate(String schedule) {
    assertThat(rate("schedule = " + schedule, 1).at(1)).isPositive();
  }

  @Test
  void refusesWhatIsNoScheduleAtItsLine() {
    read("schedule { type = cosine, power = 2 }");
    read("schedule { type = step, at = [0.7, 0.5] }");
    read("schedule { type = polynomial, warm-up = 1 }");
    read("schedule = exponential");
    read("schedule { warm-up = 0.1 }");

    assertThat(problems.found())
        .extracting(Problem::toString)
        .allSatisfy(
            problem -> assertThat(problem).startsWith("test.conf:12: train.optimizer.schedule"))
        .anySatisfy(problem -> assertThat(problem).contains("schedule.power: unknown key"))
        .anySatisfy(problem -> assertThat(problem).contains("at must ascend between 0 and 1"))
        .anySatisfy(problem -> assertThat(problem).contains("warm-up must be in [0, 1), is 1.0"))
        .anySatisfy(problem -> assertThat(problem).contains("schedule.type: must be one of"))
        .anySatisfy(problem -> assertThat(problem).contains("schedule.type: is missing"));
  }
}
