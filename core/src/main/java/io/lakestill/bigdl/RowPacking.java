package io.lakestill.bigdl;

import io.lakestill.recipe.RowMemory;
import io.lakestill.train.PackedRow;
import io.lakestill.train.PackedRows;
import io.lakestill.train.RowPacker;
import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction2;

/**
 * Packs a node's rows, training before validation: validation is read in order, which disks like
 * better. Neither is ever on the heap as a whole beside what {@code memory} allows.
 *
 * @param featureWidth the values of one view's features
 * @param targetWidth the values of one view's target
 * @param memory of the executor's heap for rows
 * @param seed of the order in which they are trained on
 */
record RowPacking(int featureWidth, int targetWidth, RowMemory memory, long seed)
    implements FlatMapFunction2<Iterator<PackedRow>, Iterator<PackedRow>, RowSource> {
  @Override
  public Iterator<RowSource> call(Iterator<PackedRow> training, Iterator<PackedRow> held) {
    long limit = memory.limit(Runtime.getRuntime().maxMemory());
    try (TaskHeap heap = TaskHeap.of(TaskContext.get(), limit)) {
      PackedRows learned = pack(training, heap);
      try {
        PackedRows validated = pack(held, heap);
        int node = TaskContext.getPartitionId();
        return Collections.singleton(new RowSource(learned, validated, seed, node)).iterator();
      } catch (RuntimeException | Error e) {
        learned.close();
        throw e;
      }
    }
  }

  private PackedRows pack(Iterator<PackedRow> rows, TaskHeap heap) {
    try (RowPacker packer = new RowPacker(featureWidth, targetWidth, heap, RowPacking::folder)) {
      rows.forEachRemaining(packer::add);
      return packer.finish();
    }
  }

  /** The one of Spark's local folders that has most room. */
  private static Path folder() {
    return Arrays.stream(SparkEnv.get().blockManager().diskBlockManager().localDirs())
        .max(Comparator.comparingLong(File::getUsableSpace))
        .orElseThrow()
        .toPath();
  }
}
