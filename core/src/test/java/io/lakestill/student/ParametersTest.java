package io.lakestill.student;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.io.FloatTensor;
import io.lakestill.io.SafeTensors;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ParametersTest {
  private static final StudentGraph GRAPH = graph(new Mlp(List.of(32)), Shape.flat(64));

  @Test
  void sameSeedGivesTheSameBitsAndAnotherSeedOthers() {
    Parameters first = Parameters.initial(GRAPH, 7);
    assertThat(Parameters.initial(GRAPH, 7)).isEqualTo(first).hasSameHashCodeAs(first);
    assertThat(Parameters.initial(GRAPH, 8)).isNotEqualTo(first);
    assertThat(Parameters.initial(GRAPH, 8).sha256()).isNotEqualTo(first.sha256());
  }

  /** The bits of a released version: a change here changes every seeded run of every person. */
  @Test
  void initialBitsNeverChange() {
    assertThat(Parameters.initial(GRAPH, 1).sha256())
        .isEqualTo("2d6fe7781ca4681be0c0fae79c2151e64c8dff5f87494021267623375314e967");
    StudentGraph resnet = graph(new ResNet(8, 1.0), Shape.image(3, 32, 32));
    assertThat(Parameters.initial(resnet, 1).sha256())
        .isEqualTo("b8a961fbcffdea67811c51843bfaece142a99550c8aefeb8b8dea016abc865db");
  }

  @Test
  void eachParameterHasAStreamOfItsOwn() {
    StudentGraph wider = graph(new Mlp(List.of(32, 16)), Shape.flat(64));
    assertThat(Parameters.initial(wider, 7).values("linear1.weight"))
        .isEqualTo(Parameters.initial(GRAPH, 7).values("linear1.weight"));
    StudentGraph twins = graph(new Mlp(List.of(64, 64)), Shape.flat(64));
    Parameters parameters = Parameters.initial(twins, 7);
    assertThat(parameters.values("linear1.weight"))
        .isNotEqualTo(parameters.values("linear2.weight"));
  }

  @ParameterizedTest
  @CsvSource({"3, 64", "5, 32", "1, 512"})
  void convolutionsAreNormalWithTheVarianceOfHe(int kernel, int channels) {
    Shape input = Shape.image(256, 8, 8);
    StudentGraph graph =
        new StudentGraph(
            input,
            List.of(
                new Convolution("c", "input", channels, kernel, 1, kernel / 2, true),
                new GlobalAveragePooling("logits", "c")),
            Map.of("logits", "logits"));
    Parameters parameters = Parameters.initial(graph, 3);
    float[] weights = parameters.values("c.weight");
    double expected = Math.sqrt(2.0 / (channels * kernel * kernel));
    assertThat(mean(weights)).isCloseTo(0, within(4 * expected / Math.sqrt(weights.length)));
    assertThat(Math.sqrt(variance(weights))).isCloseTo(expected, within(0.02 * expected));
    long beyondTwo = 0;
    for (float weight : weights) {
      beyondTwo += Math.abs(weight) > 2 * expected ? 1 : 0;
    }
    assertThat(beyondTwo / (double) weights.length).isCloseTo(0.0455, within(0.006));
    assertThat(parameters.values("c.bias")).containsOnly(0f);
  }

  @Test
  void linearLayersAreUniformWithinOneOverTheRootOfTheirInputs() {
    float[] weights =
        Parameters.initial(graph(new Mlp(List.of(500)), Shape.flat(100)), 5)
            .values("linear1.weight");
    double bound = 0.1;
    double largest = 0;
    for (float weight : weights) {
      largest = Math.max(largest, Math.abs(weight));
    }
    assertThat(largest).isBetween(0.999 * bound, bound);
    assertThat(mean(weights)).isCloseTo(0, within(0.001));
    assertThat(variance(weights)).isCloseTo(bound * bound / 3, within(0.02 * bound * bound / 3));
  }

  @Test
  void batchNormalisationStartsAsTheIdentity() {
    StudentGraph graph = graph(new ResNet(8, 1.0), Shape.image(3, 32, 32));
    Parameters parameters = Parameters.initial(graph, 1);
    assertThat(parameters.values("stem.normalisation.weight")).containsOnly(1f);
    assertThat(parameters.values("stem.normalisation.bias")).containsOnly(0f);
    assertThat(parameters.values("stem.normalisation.mean")).containsOnly(0f);
    assertThat(parameters.values("stem.normalisation.variance")).containsOnly(1f);
  }

  @Test
  void arraysAreCopiedInAndOut() {
    Parameters parameters = Parameters.initial(GRAPH, 1);
    String before = parameters.sha256();
    parameters.values("linear1.weight")[0] = 99;
    float[] replaced = new float[32];
    Parameters changed = parameters.with("linear1.bias", replaced);
    replaced[0] = 99;
    assertThat(parameters.sha256()).isEqualTo(before);
    assertThat(changed.values("linear1.bias")).containsOnly(0f);
    assertThat(changed).isEqualTo(parameters);
    replaced[0] = 1;
    assertThat(parameters.with("linear1.bias", replaced).sha256()).isNotEqualTo(before);
  }

  @Test
  void parametersThatDoNotFitTheGraphAreRefused() {
    Map<String, float[]> values = new HashMap<>();
    Parameters.initial(GRAPH, 1).tensors().forEach((name, t) -> values.put(name, t.values()));
    values.put("linear1.bias", new float[3]);
    assertThatThrownBy(() -> Parameters.of(GRAPH, values))
        .hasMessage("parameter 'linear1.bias' needs 32 values of shape [32], has 3");
    values.remove("linear1.bias");
    assertThatThrownBy(() -> Parameters.of(GRAPH, values))
        .hasMessage("parameter 'linear1.bias' is missing");
    values.put("linear1.bias", new float[32]);
    values.put("other.bias", new float[1]);
    assertThatThrownBy(() -> Parameters.of(GRAPH, values))
        .hasMessage("the graph has no parameter 'other.bias'");
    Parameters parameters = Parameters.initial(GRAPH, 1);
    assertThatThrownBy(() -> parameters.values("x")).hasMessage("no parameter is named 'x'");
    assertThatThrownBy(() -> parameters.with("linear1.bias", new float[2]))
        .hasMessage("shape [32] does not fit 2 values");
  }

  @Test
  void safeTensorsOfAnotherGraphAreRefused() {
    byte[] file = Parameters.initial(GRAPH, 1).toSafeTensors();
    assertThat(Parameters.fromSafeTensors(GRAPH, file, "model.safetensors"))
        .isEqualTo(Parameters.initial(GRAPH, 1));
    StudentGraph other = graph(new Mlp(List.of(16)), Shape.flat(64));
    assertRefused(
        other,
        file,
        "'model.safetensors' does not fit its graph: parameter 'linear1.weight' needs 1024 values");
    byte[] transposed =
        SafeTensors.write(Map.of("l.weight", FloatTensor.of(List.of(2, 3), new float[6])));
    StudentGraph narrow =
        new StudentGraph(
            Shape.flat(2), List.of(new Linear("l", "input", 3, false)), Map.of("logits", "l"));
    assertRefused(narrow, transposed, "parameter 'l.weight' has shape [2, 3], needs [3, 2].");
  }

  private static void assertRefused(StudentGraph graph, byte[] file, String message) {
    assertThatThrownBy(() -> Parameters.fromSafeTensors(graph, file, "model.safetensors"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining(message);
  }

  private static StudentGraph graph(Architecture architecture, Shape input) {
    return architecture.graph(input, 10, Map.of());
  }

  private static double mean(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum / values.length;
  }

  private static double variance(float[] values) {
    double mean = mean(values);
    double sum = 0;
    for (float value : values) {
      sum += (value - mean) * (value - mean);
    }
    return sum / values.length;
  }
}
