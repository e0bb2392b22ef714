package io.lakestill.objective.logit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.Batch;
import io.lakestill.objective.FiniteDifferences;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Indices;
import io.lakestill.objective.RandomBatch;
import io.lakestill.objective.Tensor;
import java.util.Arrays;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KdKlTest {
  private static final Set<String> LOGITS = Set.of("student.logits");

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void gradientMatchesFiniteDifference(long seed) {
    FiniteDifferences.assertGradientMatches(
        new KdKl(2.5), RandomBatch.ofLogits(seed, 4, 6, 4), "seed " + seed);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void shiftingARowOfLogitsChangesNothing(long seed) {
    Batch batch = RandomBatch.ofLogits(seed, 3, 4, 2);
    double before = new KdKl(4).evaluate(batch, Gradients.of(batch, LOGITS));
    float[] logits = batch.tensor("student.logits").data();
    for (int c = 0; c < 4; c++) {
      logits[c] += 8f;
    }
    double after = new KdKl(4).evaluate(batch, Gradients.of(batch, LOGITS));
    assertThat(after).as("seed %d", seed).isCloseTo(before, within(1e-5));
  }

  @Test
  void isZeroWithZeroGradientWhenStudentIsTeacher() {
    Tensor logits = new Tensor(new int[] {1, 3}, new float[] {80f, -80f, 3f});
    Batch batch =
        Batch.of(1).tensor("student.logits", logits).tensor("teacher.logits", logits).build();
    Gradients gradients = Gradients.of(batch, LOGITS);
    assertThat(new KdKl(4).evaluate(batch, gradients)).isZero();
    // Probabilities sum to one but for rounding.
    assertThat(gradients.norm()).isLessThan(1e-12);
  }

  @Test
  void aMaskedRowIsNeitherInTheSumNorInTheMean() {
    Batch logits = RandomBatch.ofLogits(2, 3, 4, 2);
    Batch masked =
        Batch.of(3)
            .tensor("student.logits", logits.tensor("student.logits"))
            .tensor("teacher.logits", logits.tensor("teacher.logits"))
            .indices("mask", Indices.of(new int[] {1, 1, 0}))
            .build();
    Batch first = RandomBatch.ofLogits(2, 3, 4, 2);
    Batch kept =
        Batch.of(2)
            .tensor("student.logits", firstTwo(first.tensor("student.logits")))
            .tensor("teacher.logits", firstTwo(first.tensor("teacher.logits")))
            .build();
    Gradients gradients = Gradients.of(masked, LOGITS);
    Gradients expected = Gradients.of(kept, LOGITS);

    assertThat(new KdKl(4).evaluate(masked, gradients))
        .isEqualTo(new KdKl(4).evaluate(kept, expected));

    assertThat(Arrays.copyOf(gradients.of("student.logits").data(), 8))
        .isEqualTo(expected.of("student.logits").data());
    assertThat(Arrays.copyOfRange(gradients.of("student.logits").data(), 8, 12)).containsOnly(0f);
  }

  private static Tensor firstTwo(Tensor rows) {
    return new Tensor(new int[] {2, 4}, Arrays.copyOf(rows.data(), 8));
  }

  @Test
  void refusesWidthsThatDiffer() {
    Batch batch =
        Batch.of(1)
            .tensor("student.logits", Tensor.zeros(1, 3))
            .tensor("teacher.logits", Tensor.zeros(1, 4))
            .build();
    assertThatThrownBy(() -> new KdKl(4).evaluate(batch, Gradients.of(batch, LOGITS)))
        .isInstanceOf(LakestillException.class)
        .hasMessageContaining("'student.logits' has shape [1, 3] and 'teacher.logits' [1, 4]");
  }

  @Test
  void teacherLogitThatIsNotFiniteIsBadInputNamingTheRow() {
    Batch batch = RandomBatch.ofLogits(1, 3, 4, 1);
    batch.tensor("teacher.logits").data()[9] = Float.NaN;
    assertThatThrownBy(() -> new KdKl(4).evaluate(batch, Gradients.of(batch, LOGITS)))
        .isInstanceOf(LakestillException.class)
        .hasMessageContaining("'teacher.logits' is NaN in row 2")
        .extracting(e -> ((LakestillException) e).exitCode())
        .isEqualTo(ExitCode.BAD_INPUT);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY})
  void refusesTemperatureThatIsNotAboveZero(double temperature) {
    assertThatThrownBy(() -> new KdKl(temperature))
        .hasMessage("temperature must be above 0, is " + temperature);
  }
}
