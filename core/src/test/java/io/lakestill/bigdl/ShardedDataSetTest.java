package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.intel.analytics.bigdl.dllib.feature.dataset.MiniBatch;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractModule;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import io.lakestill.io.FloatTensor;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.student.Parameters;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.BatchLayout;
import io.lakestill.train.CheckpointFolder;
import io.lakestill.train.CheckpointManifest;
import io.lakestill.train.EpochPlan;
import io.lakestill.train.PackedRows;
import io.lakestill.train.RowLayout;
import io.lakestill.train.Shard;
import io.lakestill.train.Sharding;
import io.lakestill.train.States;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.function.Function;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShardedDataSetTest {
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

  @TempDir Path folder;

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
                SEED)
            .module();

    float loss(MiniBatch<Float> slice) {
      return criterion.forward(module.forward(slice.getInput()), slice.getTarget());
    }
  }

  private static PackedBatch batch(RowSource source, int cores, int step) {
    int[] shape = SHAPE.stream().mapToInt(Integer::intValue).toArray();
    return source.training(
        shape, cores * PER_CORE, cores, step, Optional.of(sharding(cores)), Optional.empty());
  }

  private static PackedRows rows() {
    return new Pictures(ROWS, 1).packed(Pictures.targets(LOSS));
  }

  @Test
  void everySampleOfAShardIsSeenExactlyOncePerPassAndOnItsCoreOnly() {
    PackedRows rows = rows();
    RowSource source = new RowSource(rows, SEED, 0);
    for (int core = 0; core < CORES; core++) {
      Shard shard = source.shards(sharding(CORES)).get(core);
      List<Integer> seen = new ArrayList<>();
      for (int step = 1; step <= 40; step++) {
        MiniBatch<Float> slice = batch(source, CORES, step).slice(core * PER_CORE + 1, PER_CORE);
        RowOrigin origin = ((PackedTarget) slice.getTarget()).origin();
        float[] features = Floats.values(slice.getInput().toTensor(Floats.numeric()));
        assertThat(origin.shard()).containsSame(shard);
        assertThat(origin.step()).isEqualTo(step);
        for (int i = 0; i < PER_CORE; i++) {
          int width = rows.featureWidth();
          seen.add(origin.samples()[i]);
          assertThat(Arrays.copyOfRange(features, i * width, (i + 1) * width))
              .isEqualTo(rows.features()[shard.row(origin.samples()[i])]);
        }
      }
      for (int pass = 0; (pass + 1) * shard.samples() <= seen.size(); pass++) {
        assertThat(seen.subList(pass * shard.samples(), (pass + 1) * shard.samples()))
            .as("pass %d of core %d", pass, core)
            .doesNotHaveDuplicates();
      }
    }
  }

  @Test
  void aCoresPartIsSlicedWholeOnly() {
    PackedBatch batch = batch(new RowSource(rows(), SEED, 0), CORES, 1);

    assertThatThrownBy(() -> batch.slice(1, 3)).hasMessageContaining("one core");
    assertThatThrownBy(() -> batch.slice(3, PER_CORE)).hasMessageContaining("one core");
    assertThatThrownBy(batch::getTarget).hasMessageContaining("sliced first");
  }

  /** Without shards too: what is drawn for one core's rows is not what is drawn for another's. */
  @Test
  void everyCoresPartKnowsItsWorkerAndItsRows() {
    PackedRows rows = rows();
    int[] shape = SHAPE.stream().mapToInt(Integer::intValue).toArray();
    PackedBatch batch =
        new RowSource(rows, SEED, 3)
            .training(shape, CORES * PER_CORE, CORES, 2, Optional.empty(), Optional.empty());
    List<Float> drawn = new ArrayList<>();
    ObjectiveCriterion criterion = told();
    for (int core = 0; core < CORES; core++) {
      MiniBatch<Float> slice = batch.slice(core * PER_CORE + 1, PER_CORE);
      RowOrigin origin = ((PackedTarget) slice.getTarget()).origin();
      assertThat(origin.worker()).isEqualTo(3 * CORES + core);
      assertThat(origin.samples()).hasSize(PER_CORE);
      float[] features = Floats.values(slice.getInput().toTensor(Floats.numeric()));
      for (int i = 0; i < PER_CORE; i++) {
        int width = rows.featureWidth();
        assertThat(Arrays.copyOfRange(features, i * width, (i + 1) * width))
            .isEqualTo(rows.features()[origin.samples()[i]]);
      }
      Activity output = Floats.tensor(new float[PER_CORE * 4], PER_CORE, 4);
      drawn.add(criterion.forward(output, slice.getTarget()));
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
    int[] shape = SHAPE.stream().mapToInt(Integer::intValue).toArray();
    RowSource one = new RowSource(rows, SEED, 3);
    RowSource plain = new RowSource(rows, SEED, 3);
    for (int step = 1; step <= 20; step++) {
      // One core's shard is the partition, in the same order.
      assertThat(Floats.values(batch(one, 1, step).getInput().toTensor(Floats.numeric())))
          .isEqualTo(
              Floats.values(
                  plain
                      .training(shape, PER_CORE, 1, step, Optional.empty(), Optional.empty())
                      .getInput()
                      .toTensor(Floats.numeric())));
    }
  }

  @Test
  void aWorkersLossAndMemoryAreThoseOfItsShardAlone() {
    RowSource both = new RowSource(rows(), SEED, 0);
    for (int worker = 0; worker < CORES; worker++) {
      Shard shard = both.shards(sharding(CORES)).get(worker);
      // The same examples as the only partition of one core, with that worker's number.
      RowSource alone = new RowSource(only(shard), SEED, worker);
      Shard unsharded = alone.shards(sharding(1)).get(0);
      assertThat(unsharded.worker()).isEqualTo(worker);
      Core first = new Core();
      Core second = new Core();
      for (int step = 1; step <= 25; step++) {
        float loss = first.loss(batch(both, CORES, step).slice(worker * PER_CORE + 1, PER_CORE));

        assertThat(loss).isEqualTo(second.loss(batch(alone, 1, step)));
        assertThat(loss).isPositive();
      }
      assertThat(States.tensors(shard.state())).isEqualTo(States.tensors(unsharded.state()));
    }
  }

  private static PackedRows only(Shard shard) {
    PackedRows rows = rows();
    float[][] features = new float[shard.samples()][];
    float[][] targets = new float[shard.samples()][];
    for (int sample = 0; sample < shard.samples(); sample++) {
      features[sample] = rows.features()[shard.row(sample)];
      targets[sample] = rows.targets()[shard.row(sample)];
    }
    return new PackedRows(1, rows.featureWidth(), rows.targetWidth(), features, targets);
  }

  @Test
  void aStepChangesTheBankRowsOfItsOwnSamplesOnly() {
    RowSource source = new RowSource(rows(), SEED, 0);
    List<Shard> shards = source.shards(sharding(CORES));
    Map<Integer, Integer> updates = new TreeMap<>();
    Core core = new Core();
    // 30 samples, 4 at a time: the first seven steps and half of the eighth are one pass.
    for (int step = 1; step <= 7; step++) {
      MiniBatch<Float> slice = batch(source, CORES, step).slice(PER_CORE + 1, PER_CORE);
      float[] before = bank(shards.get(1)).data().clone();
      float[] others = bank(shards.get(0)).data().clone();

      core.loss(slice);

      Set<Integer> changed = new HashSet<>();
      for (int i = 0; i < before.length; i++) {
        if (bank(shards.get(1)).data()[i] != before[i]) {
          changed.add(i / 3);
        }
      }
      int[] samples = ((PackedTarget) slice.getTarget()).origin().samples();
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

  /** Evaluates each core's part of a batch where the shards are. */
  private record Evaluate() implements Function<MiniBatch<Float>, float[]>, Serializable {
    @Override
    public float[] call(MiniBatch<Float> batch) {
      float[] losses = new float[CORES];
      for (int core = 0; core < CORES; core++) {
        losses[core] = new Core().loss(batch.slice(core * PER_CORE + 1, PER_CORE));
      }
      return losses;
    }
  }

  private static PackedDataSet dataSet() {
    JavaRDD<PackedRows> blocks = new Pictures(ROWS, 1).block(Pictures.targets(LOSS));
    PackedDataSet dataSet = new PackedDataSet(blocks, SHAPE, CORES * PER_CORE, CORES, SEED);
    dataSet.shard(sharding(CORES));
    return dataSet;
  }

  private static float[] step(PackedDataSet dataSet, int step) {
    dataSet.startStep(step);
    return dataSet.data(true).toJavaRDD().map(new Evaluate()).collect().get(0);
  }

  private CheckpointFolder checkpoint() {
    return new CheckpointFolder(new org.apache.hadoop.fs.Path(folder.toUri()), new Configuration());
  }

  private Map<String, FloatTensor> memory(PackedDataSet dataSet, int step) {
    return States.tensors(checkpoint().memory(dataSet.storeMemory(checkpoint(), step)));
  }

  @Test
  void goesOnFromStoredMemoryAsIfNothingHadHappened() {
    List<float[]> unbroken = new ArrayList<>();
    Map<String, FloatTensor> end;
    try (PackedDataSet dataSet = dataSet()) {
      for (int step = 1; step <= 12; step++) {
        unbroken.add(step(dataSet, step));
      }
      end = memory(dataSet, 12);
    }
    List<CheckpointManifest.ParameterFile> stored;
    try (PackedDataSet dataSet = dataSet()) {
      for (int step = 1; step <= 5; step++) {
        assertThat(step(dataSet, step)).isEqualTo(unbroken.get(step - 1));
      }
      stored = dataSet.storeMemory(checkpoint(), 5);
    }
    try (PackedDataSet dataSet = dataSet()) {
      dataSet.restore(checkpoint().memory(stored), 5);
      for (int step = 6; step <= 12; step++) {
        assertThat(step(dataSet, step)).as("step %d", step).isEqualTo(unbroken.get(step - 1));
      }
      assertThat(memory(dataSet, 12)).isEqualTo(end);
    }
    assertThat(end.keySet())
        .contains("0/0/state.bank_student", "1/0/state.bank_teacher", "1/1/state.queue");
    assertThat(end.get("0/0/state.bank_student").shape()).containsExactly(31, 3);
    assertThat(end.get("1/0/state.bank_student").shape()).containsExactly(30, 3);
  }

  @Test
  void withoutItsMemoryAStepIsRefused() {
    try (PackedDataSet dataSet = dataSet()) {
      step(dataSet, 1);

      assertThatThrownBy(() -> step(dataSet, 6)).hasStackTraceContaining("start again");
      assertThatThrownBy(() -> dataSet.storeMemory(checkpoint(), 6))
          .hasStackTraceContaining("where step 6 is due");
    }
  }
}
