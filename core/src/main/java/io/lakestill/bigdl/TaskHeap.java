package io.lakestill.bigdl;

import java.util.function.LongPredicate;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.memory.MemoryConsumer;
import org.apache.spark.memory.MemoryMode;
import org.apache.spark.memory.TaskMemoryManager;
import org.apache.spark.memory.UnifiedMemoryManager;

/**
 * The heap that a task takes for its rows, as Spark's memory manager counts it: what arrives
 * through a shuffle goes to disk to make room for them. Spark must be able to take what was packed
 * into its storage memory afterwards, and asks for half as much again meanwhile.
 */
public final class TaskHeap extends MemoryConsumer implements LongPredicate, AutoCloseable {
  /** Half as much again, and something for Spark's own blocks. */
  private static final double STORED = 1.6;

  private long left;

  private TaskHeap(TaskMemoryManager manager, long limit) {
    super(manager, MemoryMode.ON_HEAP);
    this.left = limit;
  }

  /**
   * @param limit bytes
   */
  static TaskHeap of(TaskContext context, long limit) {
    UnifiedMemoryManager all = (UnifiedMemoryManager) SparkEnv.get().memoryManager();
    return new TaskHeap(
        context.taskMemoryManager(), Math.min(limit, storable(all.maxHeapMemory())));
  }

  /**
   * The bytes of rows that Spark's storage memory can take.
   *
   * @param managed what Spark manages of a heap, {@code spark.memory.fraction} of what it does not
   *     keep for itself
   */
  public static long storable(long managed) {
    return (long) (managed / STORED);
  }

  /** Takes so many bytes, or says that they are not to be had, now or later. */
  @Override
  public boolean test(long bytes) {
    if (bytes > left) {
      return false;
    }
    long granted = acquireMemory(bytes);
    if (granted < bytes) {
      freeMemory(granted);
      return false;
    }
    left -= bytes;
    return true;
  }

  /** Rows stay where they are. */
  @Override
  public long spill(long bytes, MemoryConsumer trigger) {
    return 0;
  }

  /** Gives all back: what was packed is the storage memory's from now on. */
  @Override
  public void close() {
    freeMemory(getUsed());
  }
}
