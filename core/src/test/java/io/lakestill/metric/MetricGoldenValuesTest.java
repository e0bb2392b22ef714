package io.lakestill.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakestill.TestResource;
import io.lakestill.error.LakestillException;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

class MetricGoldenValuesTest {
  @Test
  void aurocMatchesReference() {
    assertMatches(
        "auroc", golden -> Auroc.of(doubles(golden, "student.scores"), ints(golden, "labels")));
  }

  @Test
  void aurocNeedsBothClasses() {
    assertThatThrownBy(() -> Auroc.of(new double[] {0.1, 0.2}, new int[] {1, 1}))
        .isInstanceOf(LakestillException.class)
        .hasMessageContaining("2 positive and 0 negative rows");
  }

  @Test
  void recallMatchesReference() {
    assertMatches("recall_at_k", golden -> ranking(golden).recall());
  }

  @Test
  void normalisedGainMatchesReference() {
    assertMatches("ndcg_at_k", golden -> ranking(golden).normalisedGain());
  }

  @Test
  void retainedMassMatchesReference() {
    assertMatches(
        "retained_mass",
        golden -> {
          float[] logits = floats(golden, "teacher.logits");
          int rows = dimension(golden, "teacher.logits", 0);
          int classes = logits.length / rows;
          double sum = 0;
          for (int row = 0; row < rows; row++) {
            double temperature = golden.get("params").get("temperature").asDouble();
            int k = golden.get("params").get("k").asInt();
            double mass = RetainedMass.of(logits, row * classes, classes, temperature, k);
            double expected = golden.at("/expected/outputs/per_row/data").get(row).asDouble();
            assertThat(mass).isCloseTo(expected, within(1e-4));
            sum += mass;
          }
          return sum / rows;
        });
  }

  @Test
  void attentionOverlapMatchesReference() {
    assertMatches(
        "attention_iou",
        golden -> {
          JsonNode params = golden.get("params");
          AttentionOverlap overlap =
              new AttentionOverlap(
                  params.get("out_h").asInt(),
                  params.get("out_w").asInt(),
                  params.get("threshold").asDouble());
          for (int row = 0; row < dimension(golden, "student.map", 0); row++) {
            assertLooksAt(golden, overlap, "student", row);
            assertLooksAt(golden, overlap, "teacher", row);
            overlap.add(
                activation(golden, "student", row),
                dimension(golden, "student.map", 2),
                dimension(golden, "student.map", 3),
                activation(golden, "teacher", row),
                dimension(golden, "teacher.map", 2),
                dimension(golden, "teacher.map", 3));
          }
          JsonNode terms = golden.get("expected").get("terms");
          assertThat(overlap.intersection()).isEqualTo(terms.get("intersection").asLong());
          assertThat(overlap.union()).isEqualTo(terms.get("union").asLong());
          return overlap.overlap();
        });
  }

  private static void assertLooksAt(
      JsonNode golden, AttentionOverlap overlap, String side, int row) {
    JsonNode outputs = golden.get("expected").get("outputs");
    double[] activation = activation(golden, side, row);
    JsonNode reference = outputs.path("cam_" + side).path("data");
    for (int i = 0; i < activation.length && !reference.isMissingNode(); i++) {
      double expected = reference.get(row * activation.length + i).asDouble();
      assertThat(activation[i]).isCloseTo(expected, within(1e-4 * Math.max(1, Math.abs(expected))));
    }
    boolean[] looked =
        overlap.looked(
            activation, dimension(golden, side + ".map", 2), dimension(golden, side + ".map", 3));
    for (int i = 0; i < looked.length; i++) {
      int expected = outputs.get("binary_" + side).get("data").get(row * looked.length + i).asInt();
      assertThat(looked[i] ? 1 : 0)
          .as("%s, %s, image %d, pixel %d", golden.get("name").asText(), side, row, i)
          .isEqualTo(expected);
    }
  }

  private static double[] activation(JsonNode golden, String side, int row) {
    String map = side + ".map";
    int positions = dimension(golden, map, 2) * dimension(golden, map, 3);
    return AttentionOverlap.activation(
        floats(golden, map),
        row * dimension(golden, map, 1) * positions,
        positions,
        floats(golden, "weight." + side + "_fc"),
        floats(golden, "bias." + side + "_fc"));
  }

  private static RankingTally ranking(JsonNode golden) {
    double[] scores = doubles(golden, "student.scores");
    int[] relevant = ints(golden, "index.relevant");
    int users = dimension(golden, "student.scores", 0);
    int items = scores.length / users;
    RankingTally whole = new RankingTally(golden.get("params").get("k").asInt());
    for (int user = 0; user < users; user++) {
      double[] own = new double[items];
      boolean[] wanted = new boolean[items];
      for (int i = 0; i < items; i++) {
        own[i] = scores[user * items + i];
        wanted[i] = relevant[user * items + i] == 1;
      }
      RankingTally part = new RankingTally(golden.get("params").get("k").asInt());
      part.add(own, wanted);
      whole.merge(part);
    }
    return whole;
  }

  private static void assertMatches(String name, ToDoubleFunction<JsonNode> figure) {
    JsonNode cases = TestResource.json("/golden/metrics/" + name + ".json").get("cases");
    assertThat(cases).isNotEmpty();
    for (JsonNode golden : cases) {
      double expected = golden.get("expected").get("value").asDouble();
      assertThat(figure.applyAsDouble(golden))
          .as("%s %s", name, golden.get("name").asText())
          .isCloseTo(expected, within(1e-4 * Math.max(1, Math.abs(expected))));
    }
  }

  private static int dimension(JsonNode golden, String input, int axis) {
    return golden.get("inputs").get(input).get("shape").get(axis).asInt();
  }

  private static double[] doubles(JsonNode golden, String input) {
    JsonNode data = golden.get("inputs").get(input).get("data");
    double[] values = new double[data.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = data.get(i).asDouble();
    }
    return values;
  }

  private static float[] floats(JsonNode golden, String input) {
    double[] values = doubles(golden, input);
    float[] rounded = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      rounded[i] = (float) values[i];
    }
    return rounded;
  }

  private static int[] ints(JsonNode golden, String input) {
    double[] values = doubles(golden, input);
    int[] whole = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      whole[i] = (int) values[i];
    }
    return whole;
  }
}
