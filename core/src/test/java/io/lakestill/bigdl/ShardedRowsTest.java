package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractModule;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.recipe.TrainingEngine;
import io.lakestill.student.Parameters;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.BatchLayout;
import io.lakestill.train.EpochPlan;
import io.lakestill.train.HeapRows;
import io.lakestill.train.PackedRow;
import io.lakestill.train.PackedRows;
import io.lakestill.train.RowLayout;
import io.lakestill.train.Shard;
import io.lakestill.train.Sharding;
import io.lakestill.train.States;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ShardedRowsTest {
  private static final int ROWS = 61;
  private static final int CORES = 2;
  private static final int PER_CORE = 4;
  private static final long SEED = 5;
  private static final StudentGraph STUDENT = Pictures.student();
  private static final List<Integer> SHAPE = STUDENT.input().sizes();

  private static final WeightedTerms LOSS =
      Losses.of(
          "type = crd, weight = 0.8, projection-dim = 3, negatives = 9",
          "type = rrd, weight = 1, projection-dim = 3, queue-size = 10",
          "type = fitnet-hint, weight = 1");

  @BeforeAll
  static void startEngine() {
    LocalSpark.cluster();
  }

  private static LossInputs inputs(int samples) {
    RowLayout outputs = RowLayout.outputs(LOSS.requires(), STUDENT);
    BatchLayout layout = BatchLayout.of(LOSS, outputs, Pictures.targets(LOSS), PER_CORE, samples);
    return new LossInputs(layout, new EpochPlan(ROWS, 8, 9), SEED, samples);
  }

  private static Sharding sharding(int cores) {
    return new Sharding(LOSS, inputs(ROWS / cores).layout(), cores, PER_CORE, SEED);
  }

  /** One worker's evaluations, one step after the other, as a core does them. */
  private static final class Core {
    private final ObjectiveCriterion criterion =
        new ObjectiveCriterion(LOSS, inputs(ROWS / CORES), new TermLosses(3));
    private final AbstractModule<Activity, Activity, Float> module =
        BigDlGraph.training(
                STUDENT,
                inputs(ROWS / CORES).layout().outputs(),
                inputs(ROWS / CORES).layout().parameters(),
                Parameters.initial(STUDENT, SEED),
                SEED,
                TrainingEngine.ARRAYS)
            .module();

    float loss(CoreBatch batch) {
      return criterion.forward(module.forward(batch.input()), batch.target());
    }
  }

  private static CoreBatch batch(RowSource source, int core, int cores, int step) {
    CoreBatch batch = new CoreBatch(SHAPE, source.training(), PER_CORE);
    source.fill(batch, source.batch(step, core, cores, PER_CORE, Optional.of(sharding(cores))));
    return batch;
  }

  private static RowSource source(PackedRows rows, int node) {
    return new RowSource(rows, rows, SEED, node);
  }

  private static PackedRows rows() {
    return new Pictures(ROWS, 1).packed(Pictures.targets(LOSS));
  }

  @Test
  void everySampleOfAShardIsSeenExactlyOncePerPassAndOnItsCoreOnly() {
    PackedRows rows = rows();
    RowSource source = source(rows, 0);
    for (int core = 0; core < CORES; core++) {
      Shard shard = source.shards(sharding(CORES)).get(core);
      List<Integer> seen = new ArrayList<>();
      for (int step = 1; step <= 40; step++) {
        CoreBatch slice = batch(source, core, CORES, step);
        RowOrigin origin = slice.target().origin();
        float[] features = Floats.values(slice.input());
        assertThat(origin.shard()).containsSame(shard);
        assertThat(origin.step()).isEqualTo(step);
        for (int i = 0; i < PER_CORE; i++) {
          int width = rows.featureWidth();
          seen.add(origin.samples()[i]);
          assertThat(Arrays.copyOfRange(features, i * width, (i + 1) * width))
              .isEqualTo(features(rows, shard.row(origin.samples()[i])));
        }
      }
      for (int pass = 0; (pass + 1) * shard.samples() <= seen.size(); pass++) {
        assertThat(seen.subList(pass * shard.samples(), (pass + 1) * shard.samples()))
            .as("pass %d of core %d", pass, core)
            .doesNotHaveDuplicates();
      }
    }
  }

  /** Without shards too: what is drawn for one core's rows is not what is drawn for another's. */
  @Test
  void everyCoresPartKnowsItsWorkerAndItsRows() {
    PackedRows rows = rows();
    RowSource source = source(rows, 3);
    List<Float> drawn = new ArrayList<>();
    ObjectiveCriterion criterion = told();
    for (int core = 0; core < CORES; core++) {
      CoreBatch slice = new CoreBatch(SHAPE, rows, PER_CORE);
      source.fill(slice, source.batch(2, core, CORES, PER_CORE, Optional.empty()));
      RowOrigin origin = slice.target().origin();
      assertThat(origin.worker()).isEqualTo(3 * CORES + core);
      assertThat(origin.samples()).hasSize(PER_CORE);
      float[] features = Floats.values(slice.input());
      for (int i = 0; i < PER_CORE; i++) {
        int width = rows.featureWidth();
        assertThat(Arrays.copyOfRange(features, i * width, (i + 1) * width))
            .isEqualTo(features(rows, origin.samples()[i]));
      }
      Activity output = Floats.tensor(new float[PER_CORE * 4], PER_CORE, 4);
      drawn.add(criterion.forward(output, slice.target()));
    }
    assertThat(drawn).doesNotHaveDuplicates();
  }

  private static ObjectiveCriterion told() {
    WeightedTerms loss = new WeightedTerms(List.of(new WeightedTerms.Term("told", 1, new Told())));
    RowLayout outputs = RowLayout.outputs(loss.requires(), STUDENT);
    // The targets of the rows, of which the loss looks at none.
    BatchLayout layout = BatchLayout.of(loss, outputs, Pictures.targets(LOSS), PER_CORE, ROWS);
    LossInputs inputs = new LossInputs(layout, new EpochPlan(ROWS, 8, 9), SEED, ROWS);
    return new ObjectiveCriterion(loss, inputs, new TermLosses(1));
  }

  @Test
  void withoutShardsTheStreamIsTheOneOfThePartition() {
    PackedRows rows = rows();
    RowSource one = source(rows, 3);
    RowSource plain = source(rows, 3);
    CoreBatch unsharded = new CoreBatch(SHAPE, rows, PER_CORE);
    for (int step = 1; step <= 20; step++) {
      // One core's shard is the node's rows, in the same order.
      plain.fill(unsharded, plain.batch(step, 0, 1, PER_CORE, Optional.empty()));
      assertThat(Floats.values(batch(one, 0, 1, step).input()))
          .isEqualTo(Floats.values(unsharded.input()));
    }
  }

  @Test
  void aWorkersLossAndMemoryAreThoseOfItsShardAlone() {
    RowSource both = source(rows(), 0);
    for (int worker = 0; worker < CORES; worker++) {
      Shard shard = both.shards(sharding(CORES)).get(worker);
      // The same examples as the only partition of one core, with that worker's number.
      RowSource alone = source(only(shard), worker);
      Shard unsharded = alone.shards(sharding(1)).get(0);
      assertThat(unsharded.worker()).isEqualTo(worker);
      Core first = new Core();
      Core second = new Core();
      for (int step = 1; step <= 25; step++) {
        float loss = first.loss(batch(both, worker, CORES, step));

        assertThat(loss).isEqualTo(second.loss(batch(alone, 0, 1, step)));
        assertThat(loss).isPositive();
      }
      assertThat(States.tensors(shard.state())).isEqualTo(States.tensors(unsharded.state()));
    }
  }

  private static PackedRows only(Shard shard) {
    List<PackedRow> rows = new Pictures(ROWS, 1).rows(Pictures.targets(LOSS));
    return HeapRows.of(
        IntStream.range(0, shard.samples())
            .mapToObj(sample -> rows.get(shard.row(sample)))
            .toList());
  }

  private static float[] features(PackedRows rows, int row) {
    float[] features = new float[rows.featureWidth()];
    rows.copy(row, 0, features, new float[rows.targetWidth()], 0);
    return features;
  }

  @Test
  void aStepChangesTheBankRowsOfItsOwnSamplesOnly() {
    RowSource source = source(rows(), 0);
    List<Shard> shards = source.shards(sharding(CORES));
    Map<Integer, Integer> updates = new TreeMap<>();
    Core core = new Core();
    // 30 samples, 4 at a time: the first seven steps and half of the eighth are one pass.
    for (int step = 1; step <= 7; step++) {
      CoreBatch slice = batch(source, 1, CORES, step);
      float[] before = bank(shards.get(1)).data().clone();
      float[] others = bank(shards.get(0)).data().clone();

      core.loss(slice);

      Set<Integer> changed = new HashSet<>();
      for (int i = 0; i < before.length; i++) {
        if (bank(shards.get(1)).data()[i] != before[i]) {
          changed.add(i / 3);
        }
      }
      int[] samples = slice.target().origin().samples();
      assertThat(changed)
          .containsExactlyInAnyOrder(Arrays.stream(samples).boxed().toArray(Integer[]::new));
      changed.forEach(sample -> updates.merge(sample, 1, Integer::sum));
      assertThat(bank(shards.get(0)).data()).isEqualTo(others);
    }
    assertThat(updates).hasSize(28);
    assertThat(updates.values()).containsOnly(1);
  }

  private static Tensor bank(Shard shard) {
    return shard.state().part("0").tensor("state.bank_student");
  }

  @Test
  void withoutItsMemoryAStepIsRefused() {
    Shard shard = source(rows(), 0).shards(sharding(CORES)).get(0);
    shard.begin(1);

    assertThatThrownBy(() -> shard.begin(6)).hasMessageContaining("start again");
    assertThatThrownBy(() -> shard.remembered(6)).hasMessageContaining("where step 6 is due");
  }
}
