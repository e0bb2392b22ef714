package io.lakestill.objective.selection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakestill.TestResource;
import io.lakestill.objective.federated.FederatedAverage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Rules that choose or average, and so have values but no gradient. */
class SelectionGoldenValuesTest {
  @Test
  void thresholdScheduleMatchesReference() {
    for (JsonNode golden : cases("nat_threshold_schedule")) {
      JsonNode params = golden.get("params");
      ThresholdSchedule schedule =
          new ThresholdSchedule(
              params.get("tau0").asDouble(),
              params.get("dtau").asDouble(),
              params.get("total_updates").asInt(),
              params.get("sqrt").asBoolean()
                  ? ThresholdSchedule.Score.ROOT_OF_ACCURACY
                  : ThresholdSchedule.Score.ACCURACY);
      int update = params.get("update").asInt();
      assertThat(schedule.threshold(update))
          .isCloseTo(golden.get("expected").get("value").asDouble(), within(1e-9));
      int[] target = ints(golden.get("inputs").get("index.target"));
      int[] predicted = ints(golden.get("inputs").get("index.evaluator_pred"));
      int rows = golden.get("inputs").get("index.target").get("shape").get(0).asInt();
      int length = target.length / rows;
      JsonNode outputs = golden.get("expected").get("outputs");
      ThresholdSchedule plain =
          new ThresholdSchedule(
              schedule.tau0(),
              schedule.change(),
              schedule.updates(),
              ThresholdSchedule.Score.ACCURACY);
      int[] distilled = ints(golden.get("inputs").get("index.kd_target"));
      int padding = params.get("pad_idx").asInt();
      int[] after = ints(outputs.get("target_after"));
      for (int row = 0; row < rows; row++) {
        double score =
            schedule.score(
                Arrays.copyOfRange(target, row * length, (row + 1) * length),
                Arrays.copyOfRange(predicted, row * length, (row + 1) * length),
                params.get("pad_idx").asInt());
        assertThat(score).isCloseTo(doubles(outputs.get("score"))[row], within(1e-9));
        assertThat(schedule.usesDistilled(score, update))
            .as("%s row %d", golden.get("name").asText(), row)
            .isEqualTo(ints(outputs.get("use_kd"))[row] == 1);
        int[] own = Arrays.copyOfRange(target, row * length, (row + 1) * length);
        int[] guess = Arrays.copyOfRange(predicted, row * length, (row + 1) * length);
        assertThat(plain.score(own, guess, padding))
            .isCloseTo(doubles(outputs.get("accuracy"))[row], within(1e-9));
        int longest = distilled.length / rows;
        int[] chosen =
            schedule.usesDistilled(score, update)
                ? Arrays.copyOfRange(distilled, row * longest, (row + 1) * longest)
                : own;
        int[] expected =
            Arrays.copyOfRange(after, row * after.length / rows, (row + 1) * after.length / rows);
        assertThat(padded(chosen, expected.length, padding)).containsExactly(expected);
      }
    }
  }

  @Test
  void knowledgeValueAndSelectionMatchReference() {
    for (JsonNode golden : cases("kcd_value_and_select")) {
      JsonNode params = golden.get("params");
      KnowledgeValue rule =
          new KnowledgeValue(
              params.get("threshold").asDouble(),
              params.get("stages").asInt(),
              params.get("stage_epochs").asDouble(),
              params.get("exponent").asDouble(),
              params.get("mix_floor").asDouble());
      double[] history = doubles(golden.get("inputs").get("state.entropy_history"));
      JsonNode outputs = golden.get("expected").get("outputs");
      double[] expected = doubles(outputs.get("value"));
      int epochs = history.length / expected.length;
      double[] values = new double[expected.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = rule.value(Arrays.copyOfRange(history, i * epochs, (i + 1) * epochs));
      }
      assertThat(values).containsExactly(expected, within(1e-9));
      int current = ints(golden.get("inputs").get("index.current")).length;
      KnowledgeValue.Selection selection = rule.select(values, current);
      assertThat(golden.get("expected").get("loss").isNull()).as("it is a rule, no loss").isTrue();
      assertThat(golden.get("expected").get("grad")).isEmpty();
      assertThat(selection.keep()).containsExactlyElementsOf(boxed(outputs.get("keep")));
      assertThat(selection.lost()).containsExactlyElementsOf(boxed(outputs.get("lost")));
      assertThat(selection.tail()).containsExactlyElementsOf(boxed(outputs.get("tail")));
      assertBlended(golden, rule, selection);
    }
  }

  private static void assertBlended(
      JsonNode golden, KnowledgeValue rule, KnowledgeValue.Selection selection) {
    JsonNode outputs = golden.get("expected").get("outputs");
    double[] shares = doubles(outputs.get("mixing_coefficient"));
    double[] logits = doubles(golden.get("inputs").get("teacher.logits"));
    double[] blended = doubles(outputs.get("blended_logits"));
    int classes = blended.length / shares.length;
    int[] pixels = ints(golden.get("inputs").get("state.pixels"));
    int[] mixed = ints(outputs.get("blended_pixels"));
    int width = mixed.length / shares.length;
    for (int j = 0; j < shares.length; j++) {
      double share = rule.share(j, shares.length);
      assertThat(share).isCloseTo(shares[j], within(1e-9));
      for (int p = 0; p < width; p++) {
        assertThat(
                KnowledgeValue.mixedPixel(
                    share,
                    pixels[selection.tail().get(j) * width + p],
                    pixels[selection.lost().get(j) * width + p]))
            .isEqualTo(mixed[j * width + p]);
      }
      for (int c = 0; c < classes; c++) {
        double kept = logits[selection.tail().get(j) * classes + c];
        double lost = logits[selection.lost().get(j) * classes + c];
        assertThat(KnowledgeValue.mixed(share, kept, lost))
            .isCloseTo(blended[j * classes + c], within(1e-9));
      }
    }
  }

  @Test
  void federatedAverageMatchesReference() {
    for (JsonNode golden : cases("fedavg")) {
      double[] all = doubles(golden.get("inputs").get("state.params"));
      double[] weights = doubles(golden.get("inputs").get("state.weights"));
      int width = all.length / weights.length;
      List<double[]> models = new ArrayList<>();
      for (int m = 0; m < weights.length; m++) {
        models.add(Arrays.copyOfRange(all, m * width, (m + 1) * width));
      }
      double[] expected = doubles(golden.get("expected").get("value"));
      assertThat(FederatedAverage.of(models, weights)).containsExactly(expected, within(1e-7));
    }
  }

  private static JsonNode cases(String name) {
    JsonNode cases = TestResource.json("/golden/selection/" + name + ".json").get("cases");
    assertThat(cases).isNotEmpty();
    return cases;
  }

  private static int[] padded(int[] tokens, int length, int padding) {
    int[] padded = Arrays.copyOf(tokens, length);
    Arrays.fill(padded, tokens.length, length, padding);
    return padded;
  }

  private static List<Integer> boxed(JsonNode node) {
    return Arrays.stream(ints(node)).boxed().toList();
  }

  private static int[] ints(JsonNode node) {
    return Arrays.stream(doubles(node)).mapToInt(value -> (int) value).toArray();
  }

  private static double[] doubles(JsonNode node) {
    double[] values = new double[node.get("data").size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = node.get("data").get(i).asDouble();
    }
    return values;
  }
}
