package io.lakestill.objective.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.MadeObjective;
import io.lakestill.objective.Objective;
import io.lakestill.objective.contrastive.ContrastiveOutputs;
import java.io.IOException;
import java.net.URISyntaxException;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The gradient of each term of a loss of several, by options that leave the others out. */
class TermGradientTest {
  /** What the names of these fields begin with. */
  static final String FIELD = "term_grad.";

  /** Options of CLKD that leave one of its terms alone; {@code class} needs the next one off. */
  private static final Map<String, String> CLKD_TERMS =
      Map.of(
          "ce", "lambda = 1, mu = 0, beta = 0, nu = 0",
          "instance", "lambda = 0, mu = 1, beta = 0, nu = 0",
          "class", "lambda = 0, mu = 1, beta = 1, nu = 0",
          "class_correlation", "lambda = 0, mu = 0, beta = 0, nu = 1");

  static Stream<GoldenCase> casesWithTermGradients() throws IOException, URISyntaxException {
    return TrainableCase.all().stream().filter(golden -> golden.expected().has("term_grad"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("casesWithTermGradients")
  void gradientOfEachTermMatchesTheReference(GoldenCase golden) {
    JsonNode terms = golden.expected().get("term_grad");
    assertThat(terms).isNotEmpty();
    for (Map.Entry<String, JsonNode> term : terms.properties()) {
      assertTermGradient(golden, term.getKey(), term.getValue());
    }
  }

  private static void assertTermGradient(GoldenCase golden, String term, JsonNode expected) {
    Objective with;
    Objective without;
    if (golden.objective().equals("clkd")) {
      with = MadeObjective.of("clkd", CLKD_TERMS.get(term));
      without =
          MadeObjective.of(
              "clkd",
              term.equals("class")
                  ? CLKD_TERMS.get("instance")
                  : "lambda = 0, mu = 0, beta = 0, nu = 0");
    } else {
      // The parts of CLIP-RD are reported with their weights, and so are their gradients.
      double scale = golden.params().get("teacher_scale").asDouble();
      String option = "weight_" + (term.startsWith("vrd") ? "vrd" : term);
      double weight = golden.params().path(option).asDouble();
      without = ContrastiveOutputs.clipRd(Map.of(), scale);
      with = ContrastiveOutputs.clipRd(Map.of(term, weight), scale);
    }
    Gradients gradient = gradients(golden, with);
    if (!term.equals("task")) {
      gradient.add(-1, gradients(golden, without));
    }
    for (String input : gradient.names()) {
      double largest = 1e-3;
      JsonNode reference = expected.path(input);
      for (JsonNode value : reference) {
        largest = Math.max(largest, Math.abs(value.asDouble()));
      }
      float[] own = gradient.of(input).data();
      assertThat(reference.isMissingNode() || reference.size() == own.length).isTrue();
      for (int i = 0; i < own.length; i++) {
        assertThat((double) own[i])
            .as("%s: d %s / d %s[%d]", golden, term, input, i)
            .isCloseTo(reference.path(i).asDouble(0), within(1e-4 * largest));
      }
    }
  }

  private static Gradients gradients(GoldenCase golden, Objective objective) {
    Batch batch = golden.batch();
    Gradients gradients = Gradients.of(batch, batch.present(objective.requires().differentiable()));
    objective.evaluate(batch, gradients);
    return gradients;
  }
}
