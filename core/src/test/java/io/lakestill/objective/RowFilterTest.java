package io.lakestill.objective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.logit.CrossEntropy;
import io.lakestill.objective.logit.Dist;
import io.lakestill.objective.logit.Dkd;
import io.lakestill.objective.logit.KdKl;
import io.lakestill.recipe.Progress;
import io.lakestill.recipe.Schedule;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.apache.commons.lang3.SerializationUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RowFilterTest {
  private static final String CONDITION = "entropy < 1.2";
  private static final String SIGNAL = "teacher.sql:" + CONDITION;
  private static final Set<String> LOGITS = Set.of("student.logits");

  private static Batch batch(long seed, float... condition) {
    Batch logits = RandomBatch.ofLogits(seed, condition.length, 4, 2);
    return Batch.of(condition.length)
        .tensor("student.logits", logits.tensor("student.logits"))
        .tensor("teacher.logits", logits.tensor("teacher.logits"))
        .labels(logits.labels(4))
        .tensor(SIGNAL, new Tensor(new int[] {condition.length, 1}, condition))
        .build();
  }

  private static List<Objective> objectives() {
    return List.of(
        new CrossEntropy(),
        new KdKl(3),
        new Dkd(1, 8, Schedule.of(4)),
        new Dist(1, 1, Schedule.of(4), 1e-8));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void isTheObjectiveOnABatchOfTheKeptRows(long seed) {
    for (Objective objective : objectives()) {
      Batch whole = batch(seed, 1, 0, 0, 2, 1);
      Gradients gradients = Gradients.of(whole, LOGITS);
      double loss = new RowFilter(objective, CONDITION).evaluate(whole, gradients);

      int[] kept = {0, 3, 4};
      Batch part = part(whole, kept);
      Gradients expected = Gradients.of(part, LOGITS);
      assertThat(loss).as("seed %d", seed).isEqualTo(objective.evaluate(part, expected));
      float[] rows = new float[20];
      for (int i = 0; i < kept.length; i++) {
        System.arraycopy(expected.of("student.logits").data(), 4 * i, rows, 4 * kept[i], 4);
      }
      assertThat(gradients.of("student.logits").data()).isEqualTo(rows);
    }
  }

  private static Batch part(Batch whole, int[] rows) {
    Batch.Builder part = Batch.of(rows.length);
    for (String name : List.of("student.logits", "teacher.logits")) {
      Tensor from = whole.tensor(name);
      Tensor to = Tensor.zeros(rows.length, 4);
      for (int i = 0; i < rows.length; i++) {
        System.arraycopy(from.data(), 4 * rows[i], to.data(), 4 * i, 4);
      }
      part.tensor(name, to);
    }
    int[] labels = new int[rows.length];
    for (int i = 0; i < rows.length; i++) {
      labels[i] = whole.labels(4)[rows[i]];
    }
    return part.labels(labels).build();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void gradientMatchesFiniteDifference(long seed) {
    for (Objective objective : objectives()) {
      FiniteDifferences.assertGradientMatches(
          new RowFilter(objective, CONDITION), batch(seed, 0, 1, 1, 0, 1), "seed " + seed);
    }
  }

  @Test
  void asksForItsCondition() {
    assertThat(new RowFilter(new CrossEntropy(), CONDITION).requires().inputs())
        .containsExactly("labels", "student.logits", SIGNAL);
  }

  @Test
  void withoutARowTheLossIsZeroAndNothingLearns() {
    RowFilter filter = new RowFilter(new Dkd(1, 8, Schedule.of(4)), CONDITION);
    Batch batch = batch(1, 1, 1, 0);
    Gradients gradients = Gradients.of(batch, LOGITS);
    assertThat(filter.evaluate(batch, gradients)).isPositive();
    assertThat(filter.parts()).hasSize(2).allSatisfy((name, part) -> assertThat(part).isPositive());

    Arrays.fill(batch.tensor(SIGNAL).data(), 0);
    gradients.zero();
    assertThat(filter.evaluate(batch, gradients)).isZero();
    assertThat(gradients.norm()).isZero();
    assertThat(filter.parts()).hasSize(2).allSatisfy((name, part) -> assertThat(part).isZero());
  }

  @Test
  void everyStepSeesItsOwnRowsAndAddsToTheGradient() {
    RowFilter filter = new RowFilter(new KdKl(3), CONDITION);
    Batch batch = batch(1, 1, 1, 1, 1);
    Gradients gradients = Gradients.of(batch, LOGITS);
    filter.evaluate(batch, gradients);
    float[] all = gradients.of("student.logits").data().clone();
    batch.tensor(SIGNAL).data()[0] = 0;
    batch.tensor(SIGNAL).data()[2] = 0;
    filter.evaluate(batch, gradients);
    for (int row = 0; row < 4; row++) {
      // A mean over two rows instead of four is twice as steep in each.
      float times = row == 1 || row == 3 ? 3 : 1;
      for (int i = 4 * row; i < 4 * row + 4; i++) {
        assertThat(gradients.of("student.logits").data()[i])
            .isCloseTo(times * all[i], within(1e-6f));
      }
    }
  }

  @Test
  void headsArePassedOnWithTheirGradient() {
    RowFilter filter = new RowFilter(new ScaledSum(), CONDITION);
    Batch batch =
        Batch.of(3)
            .tensor("student.map", new Tensor(new int[] {3, 1, 2}, new float[] {1, 2, 3, 4, 5, 6}))
            .tensor("weight.scale", new Tensor(new int[] {1}, new float[] {10}))
            .tensor(SIGNAL, new Tensor(new int[] {3}, new float[] {1, 0, 1}))
            .build();
    Gradients gradients = Gradients.of(batch, Set.of("student.map", "weight.scale"));
    gradients.of("weight.scale").data()[0] = 100;
    assertThat(filter.evaluate(batch, gradients)).isEqualTo(10 * (1 + 2 + 5 + 6));
    assertThat(gradients.of("student.map").data()).containsExactly(10, 10, 0, 0, 10, 10);
    assertThat(gradients.of("weight.scale").data()).containsExactly(114);
  }

  /** {@code loss = scale * sum of the map}. */
  private static final class ScaledSum implements Objective {
    private static final long serialVersionUID = 1L;

    @Override
    public Requirements requires() {
      return Requirements.of("student.map", "weight.scale");
    }

    @Override
    public double evaluate(Batch batch, Gradients gradients) {
      Tensor map = batch.finite("student.map");
      assertThat(map.rank()).isEqualTo(3);
      float scale = batch.tensor("weight.scale").data()[0];
      float sum = 0;
      for (int i = 0; i < map.size(); i++) {
        sum += map.data()[i];
        gradients.of("student.map").data()[i] += scale;
      }
      gradients.of("weight.scale").data()[0] += sum;
      return scale * sum;
    }
  }

  @Test
  void passesOnHowFarTheTrainingIs() {
    Schedule falling = new Schedule.Linear(8, 2, Schedule.Span.ALL);
    Batch batch = batch(1, 1, 0, 1);
    batch.progress(new Progress(1, 0.5));
    Gradients gradients = Gradients.of(batch, LOGITS);
    assertThat(new RowFilter(new KdKl(falling), CONDITION).evaluate(batch, gradients))
        .isEqualTo(new RowFilter(new KdKl(5), CONDITION).evaluate(batch, gradients));
  }

  @Test
  void namesConditionAndRowWhenItIsNeitherTrueNorFalse() {
    Batch batch = batch(1, 1, 0, Float.NaN);
    assertThatThrownBy(
            () ->
                new RowFilter(new CrossEntropy(), CONDITION)
                    .evaluate(batch, Gradients.of(batch, LOGITS)))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageStartingWith("where = \"entropy < 1.2\" is NaN in row 2 of the batch;");
  }

  @Test
  void namesTheRowOfTheBatchNotOfTheKeptOnes() {
    Batch batch = batch(1, 0, 0, 1);
    batch.tensor("student.logits").data()[9] = Float.NaN;
    assertThatThrownBy(
            () ->
                new RowFilter(new CrossEntropy(), CONDITION)
                    .evaluate(batch, Gradients.of(batch, LOGITS)))
        .hasMessageContaining("'student.logits' is NaN in row 2 of the batch");
  }

  @Test
  void refusesMemoryAndDrawnIndices() {
    for (String input : List.of("state.bank", "index.sample")) {
      assertThatThrownBy(() -> new RowFilter(new Needing(input), CONDITION))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "chooses rows, but the objective's '%s' is made for whole batches; leave where out"
                  .formatted(input));
    }
  }

  private record Needing(String input) implements Objective {
    @Override
    public Requirements requires() {
      return Requirements.of("student.embedding", input);
    }

    @Override
    public double evaluate(Batch batch, Gradients gradients) {
      return 0;
    }
  }

  @Test
  void aStepAllocatesNextToNothingWhateverRowsItKeeps() {
    RowFilter filter = new RowFilter(new KdKl(3), CONDITION);
    Batch batch = batch(1, new float[256]);
    float[] condition = batch.tensor(SIGNAL).data();
    Gradients gradients = Gradients.of(batch, LOGITS);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = 0;
    for (int step = 0; step < 3 * 256; step++) {
      if (step == 2 * 256) {
        before = threads.getCurrentThreadAllocatedBytes();
      }
      condition[step % 256] = 1 - condition[step % 256];
      filter.evaluate(batch, gradients);
    }
    long perStep = (threads.getCurrentThreadAllocatedBytes() - before) / 256;
    assertThat(perStep).isLessThan(1024);
  }

  @Test
  void aSerialisedCopyGivesTheSameNumbers() {
    RowFilter filter = new RowFilter(new KdKl(3), CONDITION);
    Batch batch = batch(1, 1, 0, 1);
    double loss = filter.evaluate(batch, Gradients.of(batch, LOGITS));
    assertThat(SerializationUtils.clone(filter).evaluate(batch, Gradients.of(batch, LOGITS)))
        .isEqualTo(loss);
  }
}
