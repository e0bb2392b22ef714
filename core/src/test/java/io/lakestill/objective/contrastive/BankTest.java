package io.lakestill.objective.contrastive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Indices;
import io.lakestill.objective.MadeObjective;
import io.lakestill.objective.Objective;
import io.lakestill.objective.RandomBatch;
import io.lakestill.objective.State;
import io.lakestill.objective.Tensor;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Banks and queues over several steps, and in parts. */
class BankTest {
  private static final int WIDTH = 4;

  private static final String OPTIONS = "projection-dim = 4, negatives = 2, momentum = 0.5";

  /** Everything an objective with two banks may ask for, of eight samples of three classes. */
  private final SplittableRandom random = new SplittableRandom(17);

  private final Tensor student = RandomBatch.normal(random, 1, 8, 5);
  private final Tensor teacher = RandomBatch.normal(random, 1, 8, 6);
  private final Tensor studentWeight = RandomBatch.normal(random, 0.5, WIDTH, 5);
  private final Tensor teacherWeight = RandomBatch.normal(random, 0.5, WIDTH, 6);
  private final Tensor bias = RandomBatch.normal(random, 0.1, WIDTH);
  private final Tensor studentBank = RandomBatch.normal(random, 0.5, 8, WIDTH);
  private final Tensor teacherBank = RandomBatch.normal(random, 0.5, 8, WIDTH);
  private final int[] labels = {0, 1, 0, 2, 1, 2, 0, 1};

  /**
   * @param samples of the eight, as they come
   * @param of the eight, those of the worker's shard, in their order
   * @param negatives of the eight, two for each sample
   */
  private Batch batch(int[] samples, int[] of, int[] negatives, State state) {
    int rows = samples.length;
    int[] within = Arrays.stream(samples).map(sample -> Arrays.binarySearch(of, sample)).toArray();
    return Batch.of(rows)
        .tensor("student.embedding", rows(student, samples))
        .tensor("teacher.embedding", rows(teacher, samples))
        .tensor("weight.student_projection", studentWeight)
        .tensor("weight.teacher_projection", teacherWeight)
        .tensor("bias.student_projection", bias)
        .tensor("bias.teacher_projection", bias)
        .indices("index.samples", Indices.of(within))
        .indices("index.positives", new Indices(new int[] {rows, 1}, within))
        .indices(
            "index.negatives",
            new Indices(
                new int[] {rows, 2},
                Arrays.stream(negatives).map(n -> Arrays.binarySearch(of, n)).toArray()))
        .indices("index.bank_labels", Indices.of(Arrays.stream(of).map(i -> labels[i]).toArray()))
        .state(state)
        .build();
  }

  private State state(int[] of, double normaliser) {
    return new State()
        .put("state.bank_student", rows(studentBank, of))
        .put("state.bank_teacher", rows(teacherBank, of))
        .put("state.z_student", new Tensor(new int[] {1}, new float[] {(float) normaliser}))
        .put("state.z_teacher", new Tensor(new int[] {1}, new float[] {(float) normaliser}));
  }

  private static Tensor rows(Tensor of, int[] chosen) {
    Tensor rows = Tensor.zeros(chosen.length, of.width());
    for (int i = 0; i < chosen.length; i++) {
      System.arraycopy(of.data(), chosen[i] * of.width(), rows.data(), i * of.width(), of.width());
    }
    return rows;
  }

  private static double step(Objective objective, Batch batch) {
    return objective.evaluate(
        batch, Gradients.of(batch, batch.present(objective.requires().differentiable())));
  }

  /**
   * Two workers with half of the samples each, against one with all: with the same negatives the
   * global loss is the mean of theirs, since n and Z halve alike, and put together their banks are
   * the one bank.
   */
  @Test
  void shardsOfABankAreTheWholeBank() {
    int[] all = IntStream.range(0, 8).toArray();
    int[] first = {0, 1, 3, 6};
    int[] second = {2, 4, 5, 7};
    Objective crd = MadeObjective.of("crd", OPTIONS);
    State whole = state(all, 12);
    State one = state(first, 6);
    State other = state(second, 6);
    double unsharded =
        step(crd, batch(new int[] {3, 0, 5, 2}, all, new int[] {0, 6, 1, 3, 2, 7, 4, 5}, whole));
    double sharded =
        0.5 * step(crd, batch(new int[] {3, 0}, first, new int[] {0, 6, 1, 3}, one))
            + 0.5 * step(crd, batch(new int[] {5, 2}, second, new int[] {2, 7, 4, 5}, other));
    assertThat(sharded).isCloseTo(unsharded, within(1e-5));
    for (String name : new String[] {"state.bank_student", "state.bank_teacher"}) {
      assertThat(one.tensor(name).data()).containsExactly(rows(whole.tensor(name), first).data());
      assertThat(other.tensor(name).data())
          .containsExactly(rows(whole.tensor(name), second).data());
      assertThat(whole.tensor(name).data()).isNotEqualTo(rows(studentBank, all).data());
    }
  }

  @Test
  void wassersteinContrastMovesTheRowsOfItsBatch() {
    int[] all = IntStream.range(0, 8).toArray();
    State state = state(all, -1);
    Objective objective = MadeObjective.of("wcord-gckt", OPTIONS);
    step(objective, batch(new int[] {6, 1}, all, new int[] {1, 3, 0, 2}, state));
    for (int sample : all) {
      float[] before = rows(studentBank, new int[] {sample}).data();
      float[] after = rows(state.tensor("state.bank_student"), new int[] {sample}).data();
      if (sample == 6 || sample == 1) {
        assertThat(after).isNotEqualTo(before);
        assertThat(length(after)).isCloseTo(1, within(1e-6));
      } else {
        assertThat(after).containsExactly(before);
      }
    }
  }

  private static double length(float[] row) {
    double square = 0;
    for (float value : row) {
      square += (double) value * value;
    }
    return Math.sqrt(square);
  }

  /** Class 1 of the eight has no sample among these four. */
  @Test
  void classWithoutSampleInTheShardHasNoPartInTheRelation() {
    int[] of = {0, 2, 3, 5};
    Objective objective = MadeObjective.of("crckd-crp", "projection-dim = 4, momentum = 0.5");
    double loss =
        step(objective, batch(new int[] {0, 3}, of, new int[] {3, 5, 0, 2}, state(of, -1)));
    assertThat(loss).isFinite().isPositive();
    labels[3] = 1;
    labels[5] = 1;
    double renumbered =
        step(objective, batch(new int[] {0, 3}, of, new int[] {3, 5, 0, 2}, state(of, -1)));
    assertThat(renumbered).isEqualTo(loss);
  }

  @Test
  void queueGoesOnAtItsStartWhereTheBatchDoesNotDivideIt() {
    Objective rrd = MadeObjective.of("rrd", "projection-dim = 4, queue-size = 5");
    State state =
        new State()
            .put("state.queue", RandomBatch.normal(random, 0.1, 5, WIDTH))
            .put("state.queue_pointer", Tensor.zeros(1));
    int[] all = IntStream.range(0, 8).toArray();
    step(rrd, batch(new int[] {0, 1, 2}, all, new int[6], state));
    float[] once = state.tensor("state.queue").data().clone();
    step(rrd, batch(new int[] {3, 4, 5}, all, new int[6], state));
    float[] twice = state.tensor("state.queue").data();
    assertThat(state.tensor("state.queue_pointer").data()).containsExactly(1f);
    assertThat(Arrays.copyOfRange(twice, WIDTH, 3 * WIDTH))
        .as("rows of the first batch that the second has not reached")
        .containsExactly(Arrays.copyOfRange(once, WIDTH, 3 * WIDTH));
    // The second batch's rows by themselves, in a queue that has room for them.
    State fresh =
        new State()
            .put("state.queue", Tensor.zeros(5, WIDTH))
            .put("state.queue_pointer", Tensor.zeros(1));
    step(rrd, batch(new int[] {3, 4, 5}, all, new int[6], fresh));
    float[] straight = fresh.tensor("state.queue").data();
    assertThat(Arrays.copyOfRange(twice, 3 * WIDTH, 5 * WIDTH))
        .containsExactly(Arrays.copyOfRange(straight, 0, 2 * WIDTH));
    assertThat(Arrays.copyOfRange(twice, 0, WIDTH))
        .containsExactly(Arrays.copyOfRange(straight, 2 * WIDTH, 3 * WIDTH));
  }
}
