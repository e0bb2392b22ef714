package io.lakestill.objective.logit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.Batch;
import io.lakestill.objective.FiniteDifferences;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.RandomBatch;
import io.lakestill.objective.Tensor;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CrossEntropyTest {
  private static final Set<String> LOGITS = Set.of("student.logits");

  private static Batch batch(int classes, float[] logits, int... labels) {
    return Batch.of(labels.length)
        .tensor("student.logits", new Tensor(new int[] {labels.length, classes}, logits))
        .labels(labels)
        .build();
  }

  @Test
  void isTheMeanNegativeLogLikelihood() {
    Batch batch = batch(2, new float[] {0f, (float) Math.log(3), 0f, 0f}, 1, 0);
    Gradients gradients = Gradients.of(batch, LOGITS);
    double loss = new CrossEntropy().evaluate(batch, gradients);
    assertThat(loss).isCloseTo((Math.log(4.0 / 3) + Math.log(2)) / 2, within(1e-7));
    assertThat(gradients.of("student.logits").data())
        .containsExactly(new float[] {0.125f, -0.125f, -0.25f, 0.25f}, within(1e-7f));
  }

  @Test
  void staysFiniteAtLogitsOfEighty() {
    Batch batch = batch(2, new float[] {80f, -80f}, 1);
    Gradients gradients = Gradients.of(batch, LOGITS);
    assertThat(new CrossEntropy().evaluate(batch, gradients)).isCloseTo(160, within(1e-9));
    assertThat(gradients.of("student.logits").data()).containsExactly(1f, -1f);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void gradientMatchesFiniteDifference(long seed) {
    FiniteDifferences.assertGradientMatches(
        new CrossEntropy(), RandomBatch.ofLogits(seed, 4, 5, 3), "seed " + seed);
  }

  @Test
  void addsToWhatTheAccumulatorHolds() {
    Batch batch = batch(2, new float[] {0f, 0f}, 1);
    Gradients gradients = Gradients.of(batch, LOGITS);
    new CrossEntropy().evaluate(batch, gradients);
    new CrossEntropy().evaluate(batch, gradients);
    assertThat(gradients.of("student.logits").data()).containsExactly(1f, -1f);
  }

  @Test
  void refusesLabelOutsideTheClassesNamingTheRow() {
    Batch batch = batch(2, new float[] {0f, 0f, 0f, 0f}, 0, 2);
    assertThatThrownBy(() -> new CrossEntropy().evaluate(batch, Gradients.of(batch, LOGITS)))
        .isInstanceOf(LakestillException.class)
        .hasMessageContaining("Label 2 in row 1")
        .hasMessageContaining("2 classes (0 to 1)")
        .extracting(e -> ((LakestillException) e).exitCode())
        .isEqualTo(ExitCode.BAD_INPUT);
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void studentLogitThatIsNotFiniteMeansDivergence(float value) {
    Batch batch = batch(2, new float[] {0f, 0f, 0f, value}, 0, 1);
    assertThatThrownBy(() -> new CrossEntropy().evaluate(batch, Gradients.of(batch, LOGITS)))
        .isInstanceOf(LakestillException.class)
        .hasMessageContaining("'student.logits' is " + value + " in row 1")
        .extracting(e -> ((LakestillException) e).exitCode())
        .isEqualTo(ExitCode.DIVERGED);
  }
}
