package io.lakestill.objective;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.lakestill.recipe.Problem;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.Settings;
import io.lakestill.recipe.TermSettings;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ObjectivesTest {
  private final Problems problems = new Problems();

  private TermSettings term(String text) {
    Settings options =
        new Settings(
                ConfigFactory.parseString(text).root(),
                "train.objectives[0]",
                ConfigFactory.parseResources("io/lakestill/reference.conf").getObject("defaults"),
                problems)
            .withDefaults("objective." + ConfigFactory.parseString(text).getString("type"));
    String type = options.text("type");
    return new TermSettings(type, options.has("weight") ? options.number("weight") : 1, options);
  }

  @Test
  void makesAnObjectiveWithTheDefaultsOfItsKind() {
    Optional<Objective> made = new Objectives().create(term("type = kd-kl"));
    assertThat(problems.found()).isEmpty();
    assertThat(made).isPresent();
  }

  @Test
  void saysWhichObjectivesAreKnown() {
    assertThat(new Objectives().create(term("type = kd-lk"))).isEmpty();
    assertThat(problems.found())
        .singleElement()
        .satisfies(
            problem -> {
              assertThat(problem.path()).isEqualTo("train.objectives[0].type");
              assertThat(problem.where()).endsWith(":1");
              assertThat(problem.message())
                  .startsWith("unknown objective 'kd-lk', known: ")
                  .contains("cross-entropy", "kd-kl");
            });
  }

  @Test
  void refusedValueBecomesAProblem() {
    assertThat(new Objectives().create(term("type = kd-kl, temperature = -1"))).isEmpty();
    assertThat(problems.found())
        .extracting(Problem::message)
        .containsExactly("temperature must be above 0, is -1.0");
  }

  @Test
  void unknownOptionBecomesAProblem() {
    assertThat(new Objectives().create(term("type = kd-kl, temprature = 2"))).isEmpty();
    assertThat(problems.found())
        .extracting(Problem::message)
        .containsExactly("unknown key; did you mean 'temperature'?");
  }
}
