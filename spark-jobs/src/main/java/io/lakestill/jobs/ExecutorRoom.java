package io.lakestill.jobs;

import io.lakestill.bigdl.TaskHeap;
import java.util.OptionalLong;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;

/**
 * The memory that Spark's settings give an executor.
 *
 * @param process that has it
 * @param heap bytes; in local mode those of this JVM
 * @param storable of packed rows that its storage memory can take
 * @param outside the heap; empty where nobody limits it but the machine
 * @param offHeap that Spark manages beside it, for which containers have room of their own
 */
record ExecutorRoom(Process process, long heap, long storable, OptionalLong outside, long offHeap) {
  /** What runs on it. */
  enum Process {
    /** Driver and executor in one. */
    LOCAL(384),
    EXECUTOR(256);

    private final long mebibytes;

    Process(long mebibytes) {
      this.mebibytes = mebibytes;
    }

    /**
     * Of Java itself outside the heap: classes, compiled code, threads, and libraries as loaded.
     */
    long java() {
      return mebibytes << 20;
    }
  }

  static final String OVERHEAD = "spark.executor.memoryOverhead";

  private static final String FACTOR = "spark.executor.memoryOverheadFactor";
  private static final String KUBERNETES_FACTOR = "spark.kubernetes.memoryOverheadFactor";
  private static final double USUAL_FACTOR = 0.1;
  private static final double USUAL_FRACTION = 0.6;

  /** Spark's least, in MiB. */
  private static final long LEAST = 384;

  static ExecutorRoom of(SparkContext context) {
    return context.isLocal()
        ? of(Process.LOCAL, context.getConf(), Runtime.getRuntime().maxMemory())
        : of(context.getConf());
  }

  /** Of an executor with a process of its own. */
  static ExecutorRoom of(SparkConf settings) {
    return of(
        Process.EXECUTOR, settings, settings.getSizeAsMb("spark.executor.memory", "1g") << 20);
  }

  /** Of an executor with that heap, all else being as Spark has it. */
  static ExecutorRoom ofHeap(long heap) {
    return of(Process.EXECUTOR, new SparkConf(false), heap);
  }

  private static ExecutorRoom of(Process process, SparkConf settings, long heap) {
    double fraction = settings.getDouble("spark.memory.fraction", USUAL_FRACTION);
    long managed = (long) (fraction * Math.max(0, heap - TrainingMemory.SPARK));
    long offHeap =
        settings.getBoolean("spark.memory.offHeap.enabled", false)
            ? settings.getSizeAsBytes("spark.memory.offHeap.size", "0")
            : 0;
    return new ExecutorRoom(
        process, heap, TaskHeap.storable(managed), outside(settings, heap), offHeap);
  }

  /** YARN and Kubernetes end a container that takes more. */
  private static OptionalLong outside(SparkConf settings, long heap) {
    String master = settings.get("spark.master", "");
    boolean kubernetes = master.startsWith("k8s://");
    if (!kubernetes && !master.equals("yarn")) {
      return OptionalLong.empty();
    }
    if (settings.contains(OVERHEAD)) {
      return OptionalLong.of(settings.getSizeAsMb(OVERHEAD) << 20);
    }
    double usual = kubernetes ? settings.getDouble(KUBERNETES_FACTOR, USUAL_FACTOR) : USUAL_FACTOR;
    double factor = settings.getDouble(FACTOR, usual);
    return OptionalLong.of(Math.max(LEAST, (long) (factor * (heap >> 20))) << 20);
  }
}
