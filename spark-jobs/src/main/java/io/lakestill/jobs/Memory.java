package io.lakestill.jobs;

import java.util.function.Function;

/**
 * The memory of an executor, estimated.
 *
 * @param heap bytes, for {@code spark.executor.memory}
 * @param outside bytes, for {@code spark.executor.memoryOverhead}: ONNX Runtime and MKL
 */
record Memory(long heap, long outside) {
  private static final long MIB = 1 << 20;

  /** What Spark needs while it reads tables and sorts them. */
  private static final long TEACHING = 1024 * MIB;

  private static final long INSIDE = 64 * MIB;
  private static final long ROW_GROUP = 128 * MIB;

  /**
   * Of the teach stage. In the heap, beside what Spark itself needs: the model as it travels; and
   * for each core the rows of its task while they are sorted, a batch going in and coming out, and
   * the row group that is being written.
   *
   * @param model bytes of its file
   * @param rowsPerTask of a task
   * @param rawRow bytes of an example as it is stored
   * @param values of one row, features and signals
   * @param batch rows of a call
   * @param cores of an executor
   */
  static Memory teach(
      long model, long rowsPerTask, long rawRow, long values, int batch, int cores) {
    long batches = 2 * 4 * values * batch;
    long task = rowsPerTask * rawRow + batches + Math.min(ROW_GROUP, 4 * values * rowsPerTask);
    return new Memory(
        TEACHING + model + cores * task,
        ExecutorRoom.Process.EXECUTOR.java() + onnx(model, values, batch, cores));
  }

  /**
   * What ONNX Runtime takes outside the heap: the model with as much again for what it prepares,
   * and for each core a batch, and what the model needs inside itself, which is not known: 64 MiB
   * are counted, somewhat more than a small residual network was measured to take.
   *
   * @param model bytes of its file; 0 for no model
   * @param values of one row, features and signals
   * @param batch rows of a call
   */
  static long onnx(long model, long values, int batch, int cores) {
    return model == 0 ? 0 : 2 * model + cores * (INSIDE + 2 * 4 * values * batch);
  }

  /**
   * Of a training that holds all the rows on the heap that {@code train.memory} lets be there. Less
   * will do: others lie on local disk.
   *
   * @param held on a node whose executor has that room
   */
  static Memory train(Function<ExecutorRoom, TrainingMemory> held) {
    long heap = TrainingMemory.SPARK;
    while (held.apply(ExecutorRoom.ofHeap(heap)).heap() > heap
        || rows(held, 2 * heap) > rows(held, heap)) {
      heap += heap / 16;
    }
    return new Memory(heap, held.apply(ExecutorRoom.ofHeap(heap)).outside());
  }

  private static long rows(Function<ExecutorRoom, TrainingMemory> held, long heap) {
    return held.apply(ExecutorRoom.ofHeap(heap)).rows();
  }

  /** As Spark's settings take it: full gibibytes. */
  String heapSetting() {
    return Math.max(1, (heap + 1024 * MIB - 1) / (1024 * MIB)) + "g";
  }

  /** As Spark's settings take it: in steps of 256 MiB. */
  String outsideSetting() {
    return (outside + 256 * MIB - 1) / (256 * MIB) * 256 + "m";
  }
}
