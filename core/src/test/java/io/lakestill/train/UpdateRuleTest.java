package io.lakestill.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakestill.recipe.OptimizerSettings;
import io.lakestill.recipe.OptimizerSettings.Type;
import io.lakestill.recipe.RateSchedule;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The golden values are five steps of PyTorch 2.6's {@code Adam}, {@code AdamW} and {@code SGD}
 * (momentum 0.9, none, and with {@code nesterov}) and of LAMB written in PyTorch from the paper's
 * algorithm 2, over a parameter of six weights with weight decay 0.01 and a bias of two without,
 * each its own parameter group; weights, gradients and rates are in the file.
 */
class UpdateRuleTest {
  private static final List<WeightSegment> SEGMENTS =
      List.of(new WeightSegment("w", 0, 6, true), new WeightSegment("b", 6, 8, false));

  private static JsonNode golden() throws IOException {
    try (InputStream file = UpdateRuleTest.class.getResourceAsStream("/golden/optimizers.json")) {
      return new ObjectMapper().readTree(file);
    }
  }

  private static float[] floats(JsonNode array) {
    float[] values = new float[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) array.get(i).asDouble();
    }
    return values;
  }

  private static UpdateRule rule(
      Type type, double decay, double momentum, List<WeightSegment> segments) {
    return UpdateRule.of(
        new OptimizerSettings(type, 0.1, decay, momentum, RateSchedule.CONSTANT), segments);
  }

  @ParameterizedTest
  @CsvSource({
    "ADAM, 0.9, adam",
    "ADAMW, 0.9, adamw",
    "SGD, 0.9, sgd",
    "SGD, 0, sgd-without-momentum",
    "NESTEROV, 0.9, nesterov",
    "LAMB, 0.9, lamb"
  })
  void takesTheStepsOfPyTorch(Type type, double momentum, String name) throws IOException {
    JsonNode golden = golden();
    UpdateRule rule = rule(type, golden.path("decay").asDouble(), momentum, SEGMENTS);
    float[] weights = floats(golden.path("weights"));
    float[][] state = new float[rule.stateArrays()][weights.length];
    for (int step = 1; step <= 5; step++) {
      float[] gradient = floats(golden.path("gradients").get(step - 1));
      // Twice the gradient, halved by the rule: averaging is part of the same pass.
      for (int i = 0; i < gradient.length; i++) {
        gradient[i] *= 2;
      }
      double rate = golden.path("rates").get(step - 1).asDouble();

      rule.update(weights, gradient, state, 0, 8, new UpdateStep(step, rate, 0.5));

      float[] expected = floats(golden.path("after").path(name).get(step - 1));
      for (int i = 0; i < 8; i++) {
        assertThat(weights[i])
            .as("%s, step %d, weight %d", name, step, i)
            .isCloseTo(expected[i], within(2e-6f));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Type.class)
  void givesTheSameBitsHoweverItIsSliced(Type type) {
    List<WeightSegment> segments =
        List.of(
            new WeightSegment("a", 0, 100, true),
            new WeightSegment("b", 100, 137, false),
            new WeightSegment("c", 137, 300, true));
    UpdateRule rule = rule(type, 0.01, 0.9, segments);
    float[] whole = normal(300, 1);
    float[] sliced = whole.clone();
    float[][] wholeState = new float[rule.stateArrays()][300];
    float[][] slicedState = new float[rule.stateArrays()][300];
    int[] borders =
        rule.needsWholeSegments() ? new int[] {0, 137, 300} : new int[] {0, 61, 111, 300};
    for (int step = 1; step <= 3; step++) {
      float[] gradient = normal(300, 10 + step);
      UpdateStep at = new UpdateStep(step, 0.01, 1);
      rule.update(whole, gradient, wholeState, 0, 300, at);
      for (int i = borders.length - 1; i > 0; i--) {
        rule.update(sliced, gradient, slicedState, borders[i - 1], borders[i], at);
      }
    }

    assertThat(sliced).isEqualTo(whole);
    assertThat(slicedState).isDeepEqualTo(wholeState);
  }

  private static float[] normal(int size, long seed) {
    Random random = new Random(seed);
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  @Test
  void lambRefusesASliceThatCutsAParameter() {
    UpdateRule lamb = rule(Type.LAMB, 0.01, 0, SEGMENTS);

    assertThat(lamb.needsWholeSegments()).isTrue();
    assertThatThrownBy(
            () ->
                lamb.update(
                    new float[8], new float[8], new float[2][8], 0, 4, new UpdateStep(1, 1, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[0, 4) cuts a parameter");
  }

  @Test
  void refusesSegmentsWithAGap() {
    List<WeightSegment> gap =
        List.of(new WeightSegment("w", 0, 3, true), new WeightSegment("b", 4, 5, false));

    assertThatThrownBy(() -> rule(Type.SGD, 0, 0, gap))
        .hasMessage("parameter 'b' starts at 4, the one before it ends at 3");
  }

  @Test
  void averagesWeightsExponentially() {
    float[] average = {1f, 2f, 3f};
    WeightAverage.update(average, new float[] {2f, 0f, 9f}, 0, 2, 0.75);

    assertThat(average).containsExactly(1.25f, 1.5f, 3f);
  }

  @Test
  void clipsAGradientToItsLongestLength() {
    double norm = Math.sqrt(GradientNorm.squares(new float[] {9f, 3f, 0f, 4f}, 1, 4));

    assertThat(norm).isEqualTo(5);
    assertThat(GradientNorm.clip(norm, 10)).isEqualTo(1);
    assertThat(GradientNorm.clip(norm, 1) * norm).isCloseTo(1, within(1e-6));
    assertThat(GradientNorm.squares(new float[] {1f, Float.NaN}, 0, 2)).isNaN();
  }

  /** PyTorch 2.6: {@code clip_grad_norm_} to the norm 1. */
  @Test
  void clipsAsPyTorch() {
    float[] gradient = {3f, 0f, 4f, -1.5f};
    float[] clipped = {0.5746956467628479f, 0f, 0.7662608623504639f, -0.28734782338142395f};
    double norm = Math.sqrt(GradientNorm.squares(gradient, 0, 4));

    double factor = GradientNorm.clip(norm, 1);

    assertThat(norm).isCloseTo(5.220153331756592, within(1e-6));
    for (int i = 0; i < clipped.length; i++) {
      assertThat(factor * gradient[i]).isCloseTo(clipped[i], within(1e-6));
    }
  }

  /** PyTorch 2.6: {@code AveragedModel} with {@code get_ema_avg_fn(0.9)}, four updates. */
  @Test
  void averagesAsPyTorch() {
    float[] average = {1f, -2f};
    for (float[] weights : new float[][] {{1f, -2f}, {0.5f, 3f}, {-1.25f, 0.75f}, {2f, 1f}}) {
      WeightAverage.update(average, weights, 0, 2, 0.9);
    }

    assertThat(average[0]).isCloseTo(0.856999934f, within(1e-6f));
    assertThat(average[1]).isCloseTo(-1.04749978f, within(1e-6f));
  }
}
