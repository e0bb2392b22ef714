package io.lakestill.jobs;

/**
 * The memory of an executor, estimated.
 *
 * @param heap bytes, for {@code spark.executor.memory}
 * @param outside bytes, for {@code spark.executor.memoryOverhead}: ONNX Runtime and MKL
 */
record Memory(long heap, long outside) {
  private static final long MIB = 1 << 20;
  private static final long SPARK = 1024 * MIB;
  private static final long JVM = 512 * MIB;
  private static final long ROW_GROUP = 128 * MIB;

  /**
   * Of the teach stage. In the heap, beside what Spark itself needs: the model as it travels; and
   * for each core the rows of its task while they are sorted, a batch going in and coming out, and
   * the row group that is being written. Outside of it: the model as ONNX Runtime holds it, with as
   * much again for what it prepares, and for each core a batch. What a model needs inside itself is
   * not known and not counted.
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
    return new Memory(SPARK + model + cores * task, JVM + 2 * model + cores * batches);
  }

  /**
   * Of a training: what it holds, with half as much again of the rows while they arrive, beside
   * what Spark itself needs. Less will do: rows that exceed {@code train.memory} lie on local disk.
   *
   * @param held on a node
   */
  static Memory train(TrainingMemory held) {
    return new Memory(SPARK + held.total() + held.rows() / 2, JVM);
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
