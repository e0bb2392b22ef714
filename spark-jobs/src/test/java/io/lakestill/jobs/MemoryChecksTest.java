package io.lakestill.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class MemoryChecksTest {
  private static final long MIB = 1 << 20;

  /** 1,000 MiB of heap, and 500 outside of it, of which oneDNN takes 200. */
  private static final TrainingMemory HELD =
      new TrainingMemory(300 * MIB, 300 * MIB, 100 * MIB, 0, 500 * MIB, 200 * MIB);

  private static ExecutorRoom room(String... settings) {
    SparkConf conf = new SparkConf(false);
    Arrays.stream(settings).map(pair -> pair.split("=", 2)).forEach(p -> conf.set(p[0], p[1]));
    return ExecutorRoom.of(conf);
  }

  private static Node node(String host, long mebibytes) {
    return new Node("1", host, "a processor", "Linux", "17", mebibytes * MIB, "/tmp", List.of());
  }

  private static long outside(String... settings) {
    return room(settings).outside().orElseThrow() / MIB;
  }

  @Test
  void aContainerHasWhatSparkAddsToTheHeap() {
    assertThat(outside("spark.master=yarn", "spark.executor.memory=1g")).isEqualTo(384);
    assertThat(outside("spark.master=yarn", "spark.executor.memory=10g")).isEqualTo(1024);
    assertThat(outside("spark.master=yarn", "spark.executor.memoryOverhead=2g")).isEqualTo(2048);
    assertThat(outside("spark.master=yarn", "spark.executor.memoryOverhead=700")).isEqualTo(700);
    String tenGigabytes = "spark.executor.memory=10g";
    String pods = "spark.master=k8s://https://127.0.0.1:6443";
    assertThat(outside(pods, tenGigabytes)).isEqualTo(1024);
    assertThat(outside(pods, tenGigabytes, "spark.kubernetes.memoryOverheadFactor=0.4"))
        .isEqualTo(4096);
    assertThat(
            outside(
                pods,
                tenGigabytes,
                "spark.kubernetes.memoryOverheadFactor=0.4",
                "spark.executor.memoryOverheadFactor=0.2"))
        .isEqualTo(2048);
    assertThat(room("spark.master=spark://127.0.0.1:7077").outside()).isEmpty();
  }

  @Test
  void refusesAHeapThatIsTooSmallWithItsKey() {
    MemoryChecks checks = new MemoryChecks(room("spark.executor.memory=999m"), List.of(), 0);

    assertThatThrownBy(() -> checks.require("the student", HELD))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessageContaining("needs a heap of at least 1,000 MiB on each executor")
        .hasMessageContaining("spark.executor.memory is 999 MiB")
        .hasMessageContaining("Give --executor-memory 1125m");
  }

  @Test
  void refusesAContainerThatTheClusterWouldEnd() {
    List<Node> nodes = List.of(node("a", 64_000));
    ExecutorRoom small = room("spark.master=yarn", "spark.executor.memory=2g");

    assertThatThrownBy(() -> new MemoryChecks(small, nodes, 70 * MIB).require("its twin", HELD))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessageContaining("The training of its twin needs 570 MiB outside the heap")
        .hasMessageContaining("a container has 384 MiB")
        .hasMessageContaining("Java and libraries 300 MiB, oneDNN 200 MiB, ONNX Runtime 70 MiB")
        .hasMessageContaining("--conf spark.executor.memoryOverhead=570m")
        .hasMessageContaining("train.engine = arrays");

    ExecutorRoom enough =
        room("spark.master=yarn", "spark.executor.memory=2g", "spark.executor.memoryOverhead=570m");
    assertThat(new MemoryChecks(enough, nodes, 70 * MIB).require("its twin", HELD)).isEmpty();
  }

  @Test
  void executorsOfOneMachineShareItsMemory() {
    ExecutorRoom room =
        room(
            "spark.master=spark://a:7077",
            "spark.executor.memory=2g",
            "spark.memory.offHeap.enabled=true",
            "spark.memory.offHeap.size=100m");
    // Each needs 1,000 of heap, 500 outside of it and 100 that Spark manages there.
    List<Node> tooSmall = List.of(node("a", 3_199), node("b", 64_000), node("a", 3_199));

    assertThatThrownBy(() -> new MemoryChecks(room, tooSmall, 0).require("the student", HELD))
        .hasMessageContaining("needs 3,200 MiB for 2 executors on a, which has 3,199 MiB")
        .hasMessageContaining("Give fewer or smaller executors for each machine");

    List<Node> tight = List.of(node("a", 3_200), node("b", 64_000), node("a", 3_200));
    assertThat(new MemoryChecks(room, tight, 0).require("the student", HELD))
        .singleElement()
        .asString()
        .contains("2 executors on a, which has 3,200 MiB of memory may take 5,296 MiB")
        .contains("--executor-memory 1125m");
    assertThat(new MemoryChecks(room, List.of(node("a", 5_296)), 0).require("the student", HELD))
        .isEmpty();
  }
}
