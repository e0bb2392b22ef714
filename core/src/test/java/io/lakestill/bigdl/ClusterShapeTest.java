package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClusterShapeTest {
  @Test
  void localModeIsOneNodeOfItsCores() {
    assertThat(LocalSpark.cluster()).isEqualTo(new ClusterShape(1, 2));
  }

  @Test
  void sharesABatchEvenly() {
    assertThat(new ClusterShape(3, 4).rowsPerNode(120)).isEqualTo(40);
  }

  @Test
  void refusesABatchThatCannotBeSharedAndNamesTheNearest() {
    assertThatThrownBy(() -> new ClusterShape(3, 4).rowsPerNode(128))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessage(
            "train.batch = 128 cannot be shared evenly by 12 cores (3 executors of 4); use 120 or"
                + " 132, the nearest that can.");
    assertThatThrownBy(() -> new ClusterShape(1, 2).rowsPerNode(1))
        .hasMessageContaining("2 cores (1 executor of 2); use 2, the nearest");
  }

  private static SparkConf settings(String master, String... pairs) {
    SparkConf settings = new SparkConf(false).set("spark.master", master);
    for (int i = 0; i < pairs.length; i += 2) {
      settings.set(pairs[i], pairs[i + 1]);
    }
    return settings;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "local | 1 | 1",
        "local[3] | 1 | 3",
        "local[3, 2] | 1 | 3",
        "local-cluster[2,3,1024] | 2 | 3"
      })
  void oneMachineSaysItInItsMaster(String master, int nodes, int cores) {
    assertThat(ClusterShape.of(settings(master))).isEqualTo(new ClusterShape(nodes, cores));
  }

  @Test
  void aStarIsEveryCoreAsItIsToSpark() {
    assertThat(ClusterShape.of(settings("local[*]")))
        .isEqualTo(new ClusterShape(1, Runtime.getRuntime().availableProcessors()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"yarn", "k8s://https://h:6443"})
  void countedExecutorsAreThoseThatSparkStarts(String master) {
    assertThat(
            ClusterShape.of(
                settings(master, "spark.executor.instances", "4", "spark.executor.cores", "3")))
        .isEqualTo(new ClusterShape(4, 3));
    assertThat(ClusterShape.of(settings(master))).isEqualTo(new ClusterShape(2, 1));
  }

  @Test
  void aStandaloneClusterNeedsBothNumbersAndAWholeNumberOfExecutors() {
    String master = "spark://h:7077";
    assertThat(
            ClusterShape.of(settings(master, "spark.cores.max", "6", "spark.executor.cores", "2")))
        .isEqualTo(new ClusterShape(3, 2));
    assertRefused(
        settings(master, "spark.executor.cores", "2"),
        "spark.cores.max is not given and spark.executor.cores is 2. Give --executor-cores, and"
            + " --total-executor-cores as a multiple of it.");
    assertRefused(settings(master, "spark.cores.max", "4"), "spark.executor.cores is not given");
    assertRefused(
        settings(master, "spark.cores.max", "5", "spark.executor.cores", "2"),
        "spark.cores.max is 5 and spark.executor.cores is 2");
    assertRefused(
        settings(master, "spark.cores.max", "many", "spark.executor.cores", "2"),
        "spark.cores.max must be a positive number, is 'many'.");
  }

  @Test
  void refusesExecutorsThatComeAndGo() {
    SparkConf elastic =
        settings(
            "yarn",
            "spark.dynamicAllocation.enabled",
            "true",
            "spark.dynamicAllocation.minExecutors",
            "2",
            "spark.dynamicAllocation.maxExecutors",
            "2");
    assertRefused(
        elastic,
        "spark.dynamicAllocation.enabled is true, but a training needs the same executors from its"
            + " first step to its last",
        "--conf spark.dynamicAllocation.enabled=false",
        "run teach, then train, export and evaluate");
    assertThat(ClusterShape.of(elastic.clone().set("spark.master", "local[2]")).nodes()).isOne();
  }

  @Test
  void refusesAMasterItDoesNotKnow() {
    assertRefused(settings("mesos://h:5050"), "does not run on master 'mesos://h:5050'", "yarn");
  }

  private static void assertRefused(SparkConf settings, String... words) {
    assertThatThrownBy(() -> ClusterShape.of(settings))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .satisfies(e -> assertThat(e.getMessage()).contains(words));
  }
}
