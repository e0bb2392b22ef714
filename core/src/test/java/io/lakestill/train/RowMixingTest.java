package io.lakestill.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakestill.recipe.MixSettings;
import io.lakestill.recipe.MixSettings.Type;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The golden values are PyTorch's; the file holds the program that made them. */
class RowMixingTest {
  private static final int STEPS = 20_000;

  static Iterable<JsonNode> golden() throws IOException {
    try (InputStream file = RowMixingTest.class.getResourceAsStream("/golden/mixing.json")) {
      return new ObjectMapper().readTree(file).get("cases");
    }
  }

  @ParameterizedTest
  @MethodSource("golden")
  void mixesFeaturesAsPyTorch(JsonNode golden) {
    int[] partners = ints(golden.get("partners"));
    List<Integer> shape = Arrays.stream(ints(golden.get("shape"))).boxed().toList();
    double lambda = golden.get("lambda").asDouble();
    JsonNode centre = golden.get("centre");
    Mixture mixture =
        centre.isNull()
            ? Mixture.mean(lambda, partners)
            : Mixture.box(
                lambda,
                centre.get(0).asInt(),
                centre.get(1).asInt(),
                shape.get(1),
                shape.get(2),
                partners);
    float[] features = floats(golden.get("features"));

    mixture.mix(features, new float[features.length], shape);

    assertThat(mixture.share()).isCloseTo(golden.get("share").asDouble(), within(1e-15));
    mixture
        .box()
        .ifPresent(
            box ->
                assertThat(new int[] {box.top(), box.left(), box.bottom(), box.right()})
                    .containsExactly(ints(golden.get("box"))));
    assertThat(features).containsExactly(floats(golden.get("mixed")), within(1e-7f));
  }

  private static RowMixing mixing(Type type, double alpha, double probability) {
    MixSettings settings = new MixSettings(type, alpha, probability);
    return new RowMixing(settings, List.of(1, 28, 28), 11);
  }

  private static double[] shares(RowMixing mixing) {
    return IntStream.rangeClosed(1, STEPS)
        .mapToObj(step -> mixing.at(step, 0, step, 2))
        .flatMap(Optional::stream)
        .mapToDouble(Mixture::share)
        .toArray();
  }

  /** Beta(a, a) has the mean 1/2, the variance 1 / (4 (2a + 1)) and is symmetric. */
  @ParameterizedTest
  @ValueSource(doubles = {0.01, 0.2, 0.5, 1, 2, 30})
  void sharesHaveTheMomentsOfTheirDistribution(double alpha) {
    double[] shares = shares(mixing(Type.MIXUP, alpha, 1));

    assertThat(shares).hasSize(STEPS);
    double mean = Arrays.stream(shares).average().orElseThrow();
    double variance = Arrays.stream(shares).map(s -> (s - 0.5) * (s - 0.5)).average().orElseThrow();
    double expected = 1 / (4 * (2 * alpha + 1));
    double deviation = Math.sqrt(expected / STEPS);
    assertThat(mean).isCloseTo(0.5, within(5 * deviation));
    assertThat(variance).isCloseTo(expected, within(0.05 * expected));
  }

  /** Kolmogorov's distance; Beta(1, 1) is uniform, Beta(1/2, 1/2) the arcsine distribution. */
  @Test
  void sharesHaveTheShapeOfTheirDistribution() {
    double[] uniform = shares(mixing(Type.MIXUP, 1, 1));
    double[] arcsine = shares(mixing(Type.MIXUP, 0.5, 1));
    Arrays.sort(uniform);
    Arrays.sort(arcsine);
    double bound = 2 / Math.sqrt(STEPS); // p = 0.0007
    for (int i = 0; i < STEPS; i++) {
      double part = (i + 0.5) / STEPS;
      assertThat(uniform[i]).isCloseTo(part, within(bound));
      assertThat(2 / Math.PI * Math.asin(Math.sqrt(arcsine[i]))).isCloseTo(part, within(bound));
    }
  }

  @Test
  void allCoresOfAStepHaveOneShareAndOneBoxAndPartnersOfTheirOwn() {
    RowMixing mixing = mixing(Type.CUTMIX, 1, 1);
    Mixture one = mixing.at(7, 0, 13, 32).orElseThrow();
    Mixture other = mixing.at(7, 3, 14, 32).orElseThrow();

    assertThat(other.share()).isEqualTo(one.share());
    assertThat(other.box()).isEqualTo(one.box());
    assertThat(other.partners()).isNotEqualTo(one.partners());
    assertThat(one.partners())
        .containsExactlyInAnyOrder(IntStream.range(0, 32).toArray())
        .isEqualTo(mixing(Type.CUTMIX, 1, 1).at(7, 0, 13, 32).orElseThrow().partners());
    assertThat(mixing.at(8, 0, 15, 32).orElseThrow().box()).isNotEqualTo(one.box());
  }

  @Test
  void onlyAPartOfTheStepsIsMixedWhereTheRecipeSaysSo() {
    assertThat(shares(mixing(Type.MIXUP, 1, 0.3)).length)
        .isBetween((int) (0.28 * STEPS), (int) (0.32 * STEPS));
    assertThat(mixing(Type.MIXUP, 1, 0).at(1, 0, 1, 4)).isEmpty();
    assertThat(new RowMixing(MixSettings.NONE, List.of(3), 1).at(1, 0, 1, 4)).isEmpty();
  }

  private static int[] ints(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
  }

  private static float[] floats(JsonNode array) {
    float[] values = new float[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) array.get(i).asDouble();
    }
    return values;
  }
}
