package io.lakestill.objective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import io.lakestill.error.LakestillException;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.Settings;
import io.lakestill.recipe.TermSettings;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What must hold for every objective whose inputs are logits and labels, at its defaults. */
class ObjectiveRulesTest {
  private static final Set<String> INPUTS = Set.of("student.logits", "teacher.logits", "labels");

  /**
   * Their inputs are scores or sums over tokens, not distributions: a shift or an order matters.
   */
  private static final Set<String> NOT_SHIFT_INVARIANT =
      Set.of("logits-mse", "clkd", "skd-direction");

  private static Optional<Objective> withDefaults(String name) {
    Config reference = ConfigFactory.parseResources("io/lakestill/reference.conf");
    ConfigObject section = ConfigFactory.parseString("type = \"" + name + "\"").root();
    Settings options =
        new Settings(section, name, reference.getObject("defaults"), new Problems())
            .withDefaults("objective." + name);
    options.text("type");
    return new Objectives().create(new TermSettings(name, options.number("weight"), options));
  }

  static Stream<Arguments> logitObjectivesAndSeeds() {
    return new Objectives()
        .names().stream()
            .flatMap(
                name -> withDefaults(name).map(objective -> Arguments.of(name, objective)).stream())
            .filter(
                arguments ->
                    INPUTS.containsAll(((Objective) arguments.get()[1]).requires().inputs()))
            .flatMap(
                arguments ->
                    Stream.of(11L, 12L, 13L)
                        .map(seed -> Arguments.of(arguments.get()[0], arguments.get()[1], seed)));
  }

  @Test
  void theseRulesMeetTheWholeLogitFamily() {
    assertThat(logitObjectivesAndSeeds().map(arguments -> arguments.get()[0]))
        .contains("cross-entropy", "kd-kl", "dkd", "nkd", "dist", "logit-standardization")
        .hasSizeGreaterThan(3 * 15);
  }

  @ParameterizedTest(name = "{0}, seed {2}")
  @MethodSource("logitObjectivesAndSeeds")
  void gradientMatchesFiniteDifference(String name, Objective objective, long seed) {
    Batch batch = RandomBatch.ofLogits(seed, 5, 4, 2);
    FiniteDifferences.assertGradientMatches(objective, batch, name + ", seed " + seed);
  }

  @ParameterizedTest(name = "{0}, seed {2}")
  @MethodSource("logitObjectivesAndSeeds")
  void shiftingARowOfLogitsChangesNothing(String name, Objective objective, long seed) {
    if (NOT_SHIFT_INVARIANT.contains(name)) {
      return;
    }
    Batch batch = RandomBatch.ofLogits(seed, 5, 4, 2);
    double before = objective.evaluate(batch, Gradients.of(batch, Set.of("student.logits")));
    float[] student = batch.tensor("student.logits").data();
    for (int i = 4; i < 8; i++) {
      student[i] += 16f;
    }
    double after = objective.evaluate(batch, Gradients.of(batch, Set.of("student.logits")));
    assertThat(after).isCloseTo(before, within(1e-4 * Math.max(1, before)));
  }

  @ParameterizedTest(name = "{0}, seed {2}")
  @MethodSource("logitObjectivesAndSeeds")
  void reorderingTheBatchReordersTheGradient(String name, Objective objective, long seed) {
    Batch batch = RandomBatch.ofLogits(seed, 5, 4, 2);
    Gradients gradients = Gradients.of(batch, Set.of("student.logits"));
    double loss = objective.evaluate(batch, gradients);
    int[] order = {3, 0, 4, 2, 1};
    Batch reordered =
        Batch.of(5)
            .tensor("student.logits", rows(batch.tensor("student.logits"), order))
            .tensor("teacher.logits", rows(batch.tensor("teacher.logits"), order))
            .labels(Arrays.stream(order).map(i -> batch.labels(4)[i]).toArray())
            .build();
    Gradients after = Gradients.of(reordered, Set.of("student.logits"));
    assertThat(objective.evaluate(reordered, after)).isCloseTo(loss, within(1e-9));
    assertThat(after.of("student.logits").data())
        .containsExactly(rows(gradients.of("student.logits"), order).data(), within(1e-5f));
  }

  @ParameterizedTest(name = "{0}, seed {2}")
  @MethodSource("logitObjectivesAndSeeds")
  void neverGivesNanButNamesInputAndRow(String name, Objective objective, long seed) {
    float[] poisons = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
    for (String input : List.of("student.logits", "teacher.logits")) {
      if (!objective.requires().inputs().contains(input)) {
        continue;
      }
      for (float poison : poisons) {
        Batch batch = RandomBatch.ofLogits(seed, 5, 4, 2);
        int at = new SplittableRandom(seed).nextInt(20);
        batch.tensor(input).data()[at] = poison;
        Gradients gradients = Gradients.of(batch, Set.of("student.logits"));
        assertThatThrownBy(() -> objective.evaluate(batch, gradients))
            .isInstanceOf(LakestillException.class)
            .hasMessageContaining("'%s' is %s in row %d".formatted(input, poison, at / 4));
      }
    }
  }

  @ParameterizedTest(name = "{0}, seed {2}")
  @MethodSource("logitObjectivesAndSeeds")
  void staysFiniteAtLogitsOfEighty(String name, Objective objective, long seed) {
    Batch batch = RandomBatch.ofLogits(seed, 5, 4, 80);
    Gradients gradients = Gradients.of(batch, Set.of("student.logits"));
    assertThat(objective.evaluate(batch, gradients)).isFinite();
    assertThat(gradients.norm()).isFinite();
  }

  private static Tensor rows(Tensor tensor, int[] order) {
    Tensor reordered = Tensor.zeros(tensor.shape());
    for (int row = 0; row < order.length; row++) {
      System.arraycopy(
          tensor.data(),
          order[row] * tensor.width(),
          reordered.data(),
          row * tensor.width(),
          tensor.width());
    }
    return reordered;
  }
}
