package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.AbstractModule;
import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import com.intel.analytics.bigdl.dllib.optim.Adam;
import com.intel.analytics.bigdl.dllib.optim.DistriOptimizer;
import com.intel.analytics.bigdl.dllib.optim.OptimMethod;
import com.intel.analytics.bigdl.dllib.optim.OptimMethod$;
import com.intel.analytics.bigdl.dllib.optim.Trigger$;
import com.intel.analytics.bigdl.dllib.optim.parameters.AllReduceParameter;
import com.intel.analytics.bigdl.dllib.optim.parameters.AllReduceParameter$;
import com.intel.analytics.bigdl.dllib.optim.parameters.FP16CompressedTensor;
import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import com.intel.analytics.bigdl.dllib.utils.Engine$;
import io.lakestill.bigdl.PlainBigDl.Noting;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What BigDL does without a word when something goes wrong, each reproduced with BigDL as it comes.
 * These are why {@code core/docs/training.md} replaces its optimizer, data set and exchange; the
 * comment at each test names where ours is tested for the same case. A test here that fails after a
 * new BigDL means that a reason has gone.
 */
class BigDlSilentCasesTest {
  private static final int ROWS = 64;
  private static final int BATCH = 8;
  private static final PlainBigDl TRAINING = new PlainBigDl(ROWS, BATCH);

  @TempDir Path folder;

  @BeforeEach
  void oneCore() {
    LocalSpark.cluster();
    Engine$.MODULE$.setNodeAndCore(1, 1);
  }

  @AfterEach
  void restoreEngine() {
    LocalSpark.cluster();
  }

  private static OptimMethod<Float> adam() {
    return new Adam<>(0.1, 0, 0.9, 0.999, 1e-8, Floats.tag(), Floats.numeric());
  }

  private static Noting patient() {
    return new Noting(Integer.MAX_VALUE);
  }

  /** Ours: {@link StudentTrainerTest}, {@link ResumedTrainingTest}: exit 4, state kept. */
  @Test
  void trainsOnWithWeightsThatAreNoNumbersAndReturnsThem() {
    AbstractModule<Activity, Activity, Float> trained =
        TRAINING.optimizer(patient(), PlainBigDl.sgd(1e38), 10).optimize();

    assertThat(Noting.SEEN).as("rows of all ten steps").hasSize(10 * BATCH);
    for (float weight : Floats.values(trained.getParameters()._1())) {
      assertThat(weight).isNotFinite();
    }
  }

  /** Ours: {@link ResumedTrainingTest}: goes on bit by bit, moments and all. */
  @Test
  void checkpointsLackTheMomentsOfAdam() throws IOException {
    DistriOptimizer<Float> optimizer = TRAINING.optimizer(patient(), adam(), 4);
    optimizer.setCheckpoint(folder.toString(), Trigger$.MODULE$.severalIteration(1));

    optimizer.optimize();

    OptimMethod<Float> stored =
        OptimMethod$.MODULE$.load(newest("optimMethod").toString(), Floats.tag());
    assertThat(stored).isInstanceOf(Adam.class);
    int next = stored.state().<Integer>apply("neval");
    assertThat(next).as("it is of a later step").isGreaterThan(1);
    assertThat(stored.state().contains("s")).as("first moments").isFalse();
    assertThat(stored.state().contains("r")).as("second moments").isFalse();
  }

  private Path newest(String prefix) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(prefix))
          .max((a, b) -> Long.compare(number(a), number(b)))
          .orElseThrow();
    }
  }

  private static long number(Path file) {
    String name = file.toString();
    return Long.parseLong(name.substring(name.lastIndexOf('.') + 1));
  }

  /** Ours: {@code exchange.MeshTest}: halves rounded to nearest even. */
  @Test
  void halvesOnTheWireAreFloatsCutOff() {
    float almostTwo = Math.nextDown(2f);
    Tensor<Float> sent = Floats.tensor(new float[] {almostTwo, 1 + 0x1.fp-8f, -almostTwo}, 3);
    Tensor<Float> got = Floats.tensor(new float[3], 3);

    new FP16CompressedTensor<>(sent, Floats.tag()).deCompress(got);

    // The upper 16 bits of a float: 7 bits of fraction, where rounding would give 2, 1.015625, -2.
    assertThat(Floats.values(got)).containsExactly(1.9921875f, 1.0f, -1.9921875f);
  }

  /** Ours: {@link RowSourceTest}: every row exactly once per pass. */
  @Test
  void anEpochSeesRowsTwiceAndOthersNever() {
    TRAINING.optimizer(patient(), PlainBigDl.sgd(0), ROWS / BATCH).optimize();

    Map<Integer, Long> visits =
        Noting.SEEN.stream()
            .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
    assertThat(Noting.SEEN).as("as many as an epoch has").hasSize(ROWS);
    assertThat(visits.values()).as("visits by row: %s", visits).anyMatch(times -> times > 1);
    assertThat(visits).as("rows that were seen").hasSizeLessThan(ROWS);
  }

  /** Ours: {@code ResumeFolder} is on any file system; {@link ResumedTrainingTest}. */
  @Test
  void checkpointsOnHdfsEndTheRetryByAnErrorThatHidesTheCause() {
    DistriOptimizer<Float> optimizer =
        TRAINING.optimizer(new Noting(3 * BATCH), PlainBigDl.sgd(0), 10);
    optimizer.setCheckpoint("hdfs://namenode/checkpoints", Trigger$.MODULE$.severalIteration(1000));

    assertThatThrownBy(optimizer::optimize)
        .isInstanceOf(NullPointerException.class)
        .hasNoCause()
        .satisfies(e -> assertThat(String.valueOf(e.getMessage())).doesNotContain("true cause"));
  }

  /** One partition's side of BigDL's exchange. */
  private record Side(AllReduceParameter<Float> parameter, int size) implements Serializable {
    private Tensor<Float> all(float value) {
      float[] values = new float[size];
      Arrays.fill(values, value);
      return Floats.tensor(values, size);
    }

    Iterator<Integer> begin(Integer partition) {
      parameter.init(all(0), Floats.numeric());
      return List.of(partition).iterator();
    }

    /** Only the first node's gradient arrives: it is 1, and the other's would be 3. */
    Iterator<Integer> put(Integer partition) {
      if (partition == 0) {
        parameter.putGradients(all(1));
      }
      return List.of(partition).iterator();
    }

    Iterator<Float> average(Integer partition) {
      if (partition != 0) {
        return List.<Float>of().iterator();
      }
      parameter.aggregateGradientPartition(2);
      return List.of(Floats.at(parameter.gradientPartition(), 0)).iterator();
    }
  }

  /** Ours: {@code exchange.MeshTest}: a node that leaves is noticed; every message is checked. */
  @Test
  void gradientsThatDoNotArriveAreLeftOutOfTheAverage() {
    AllReduceParameter<Float> parameter =
        AllReduceParameter$.MODULE$.newParameter(2, 4, 1, "none", Floats.tag(), Floats.numeric());
    Side side = new Side(parameter, 4);

    jobs(side::begin);
    jobs(side::put);
    List<Float> average = jobs(side::average);

    // With both it is (1 + 3) / 2; the fetch failed, nobody was told, and 1 / 2 is used.
    assertThat(average).containsExactly(0.5f);
  }

  /**
   * The training goes on with the weights of its first step: the models are an RDD whose lineage
   * begins with them, and an executor that takes a lost block's place computes it again. Where one
   * that has a block already takes it, it finds its own weights in BigDL's broadcast, and nothing
   * is lost but what the optimizer remembers.
   *
   * <p>Ours: {@link TwoExecutorsTest}: the training goes on from its checkpoint.
   */
  @Test
  void aFreshExecutorInALostOnesPlaceBeginsAgainWithTheFirstWeights() throws Exception {
    ForkedDriver.Ended ended = new ForkedDriver(folder).run(ClusterBigDl.class, "12", "8");

    assertThat(ended.output()).contains("killed executor: true");
    assertThat(ended.exit()).as(ended.output()).isZero();
    // Twelve steps were taken, as asked for; of the first eight nothing is left.
    assertThat(folder.resolve("done")).as(ended.output()).hasContent("4.0");
  }

  /** What runs on both partitions. */
  private interface Part<T> extends Serializable {
    Iterator<T> of(Integer partition);
  }

  private static <T> List<T> jobs(Part<T> part) {
    return LocalSpark.context()
        .parallelize(List.of(0, 1), 2)
        .mapPartitionsWithIndex((partition, nothing) -> part.of(partition), true)
        .collect();
  }
}
