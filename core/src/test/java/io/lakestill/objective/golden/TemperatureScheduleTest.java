package io.lakestill.objective.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.typesafe.config.Config;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.MadeObjective;
import io.lakestill.objective.Objective;
import io.lakestill.objective.Objectives;
import io.lakestill.recipe.Progress;
import io.lakestill.recipe.RecipeReader;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TemperatureScheduleTest {
  private static final Config DEFAULTS = RecipeReader.reference().getConfig("defaults.objective");

  private static final Dimensions SIZES =
      new Dimensions(
          4,
          40,
          5,
          Map.of(
              "student.logits", List.of(5),
              "teacher.logits", List.of(5),
              "teacher.logits.1", List.of(5),
              "teacher.logits.2", List.of(5),
              "student.embedding", List.of(6),
              "teacher.embedding", List.of(6),
              "student.map", List.of(3, 4, 4),
              "teacher.map", List.of(3, 4, 4)));

  /** Smaller than the defaults, so that a test stays quick; and what has no default. */
  private static final Map<String, String> OPTIONS =
      Map.of("topk-kl", "k = 2", "rrd", "queue-size = 16", "trg-global", "tokens = 2");

  /** Each option of an objective whose name says that it is a temperature. */
  static Stream<Arguments> temperatures() {
    return new Objectives()
        .names().stream()
            .filter(DEFAULTS::hasPath)
            .flatMap(
                type ->
                    DEFAULTS.getObject(type).keySet().stream()
                        .filter(key -> key.contains("temperature"))
                        .map(key -> Arguments.of(type, key)));
  }

  @Test
  void areThoseOfManyFamilies() {
    assertThat(temperatures().map(each -> each.get()[0] + " " + each.get()[1]))
        .contains(
            "kd-kl temperature",
            "srd temperature",
            "crd temperature",
            "msdcrd-sample-wise temperature",
            "rrd student-temperature",
            "rrd teacher-temperature");
  }

  @ParameterizedTest
  @MethodSource("temperatures")
  void takesASchedule(String type, String key) {
    double value = DEFAULTS.getDouble(type + "." + key);
    String falling =
        String.format(
            Locale.ROOT, "%s { schedule = linear, from = %s, to = %s }", key, 3 * value, value);

    double half = loss(type, falling, 0.5);

    assertThat(half).isCloseTo(loss(type, key + " = " + 2 * value, 0.5), within(1e-9));
    assertThat(loss(type, falling, 0)).isNotCloseTo(half, within(1e-6));
  }

  private static double loss(String type, String option, double done) {
    Objective objective = MadeObjective.of(type, OPTIONS.getOrDefault(type, "") + "\n" + option);
    Batch batch = EquipmentTest.drawn(objective, SIZES, 3);
    batch.progress(new Progress(1, done));
    return objective.evaluate(
        batch, Gradients.of(batch, batch.present(objective.requires().differentiable())));
  }
}
