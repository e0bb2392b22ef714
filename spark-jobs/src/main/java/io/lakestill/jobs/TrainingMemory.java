package io.lakestill.jobs;

import io.lakestill.bigdl.ClusterShape;
import io.lakestill.bigdl.HeapRegions;
import io.lakestill.bigdl.ReplicaMemory;
import io.lakestill.objective.Dimensions;
import io.lakestill.recipe.LoopSettings;
import io.lakestill.recipe.TrainSettings;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.BatchLayout;
import io.lakestill.train.RowLayout;
import io.lakestill.train.UpdateRule;
import java.util.List;
import java.util.Locale;

/**
 * The bytes a training holds on each node at its fullest, by the arrays it makes. What trainings
 * took beside it stands in {@code core/docs/performance.md}.
 *
 * @param rows packed, of training and validation
 * @param replicas of all cores: a core's batches, results and gradients of its layers, what the
 *     loss sees of them, and its weights and their gradient
 * @param weights what the optimizer remembers of each, their average, the best epoch's, what is
 *     copied for a checkpoint and, with other nodes, what is exchanged
 * @param remembered by the loss, in banks and queues
 * @param outside the heap: Java itself, libraries, and what computes there
 * @param oneDnn the part of it that oneDNN computes with
 */
record TrainingMemory(
    long rows, long replicas, long weights, long remembered, long outside, long oneDnn) {
  /** What Spark keeps of a heap for itself, and refuses to start without. */
  static final long SPARK = 300L << 20;

  /** Of the heap as a whole, for the collector's tables. */
  private static final int HEAP_PER_TABLE = 32;

  /** Of a float. */
  private static final long VALUE = 4;

  /** Copies of the student on its way from the first node's arrays to the driver's. */
  private static final int HANDED_OVER = 8;

  /**
   * Row counts of the largest node.
   *
   * @param training examples
   * @param validation examples
   * @param views of each training example
   */
  record Rows(long training, long validation, int views) {
    /** Of tables that are dealt to as many nodes. */
    static Rows ofEach(ClusterShape shape, long training, long validation, int views) {
      long nodes = shape.nodes();
      return new Rows((training + nodes - 1) / nodes, (validation + nodes - 1) / nodes, views);
    }
  }

  /**
   * @param training the model and its loss
   * @param targets how a target row is laid out
   * @param rows of one node
   * @param room that it has: of the rows as many are on the heap as {@code train.memory} and
   *     Spark's storage memory let be there
   */
  static TrainingMemory of(
      Blueprint.Training training,
      RowLayout targets,
      ClusterShape shape,
      Rows rows,
      ExecutorRoom room) {
    StudentGraph graph = training.graph();
    TrainSettings settings = training.settings();
    LoopSettings loop = settings.loop();
    int rowsPerCore = settings.batch() / shape.cores() / loop.accumulate();
    int samples =
        (int) Math.min(Integer.MAX_VALUE, Math.max(1, rows.training() / shape.coresPerNode()));
    BatchLayout layout =
        BatchLayout.of(training.objectives(), graph, targets, rowsPerCore, samples);
    Dimensions dimensions = layout.dimensions(rowsPerCore, samples);
    HeapRegions regions = HeapRegions.of(room.heap());
    long row = VALUE * (graph.input().width() + targets.width());
    ReplicaMemory replica =
        ReplicaMemory.of(
            graph,
            layout,
            1 + training.objectives().terms().size(),
            rowsPerCore,
            loop.engine(),
            regions);
    // One batch computes, one is fetched from the disk, and mixing keeps the rows as they were.
    long batches = (loop.mix().mixes() ? 3 : 2) * row * rowsPerCore;
    long packed = row * (rows.training() * rows.views() + rows.validation());
    long cores = shape.coresPerNode();
    return new TrainingMemory(
        Math.min(loop.memory().heapBytes(packed, room.heap()), room.storable()),
        cores * (replica.heap() + batches),
        copies(settings, shape) * regions.array(ReplicaMemory.parameters(graph, layout)),
        VALUE * cores * training.objectives().equip(dimensions).memorySize(),
        room.process().java() + room.heap() / HEAP_PER_TABLE + cores * replica.outside(),
        cores * replica.outside());
  }

  /** Arrays of as many values as there are weights, beside those of the replicas. */
  private static long copies(TrainSettings settings, ClusterShape shape) {
    int state = UpdateRule.of(settings.optimizer(), List.of()).stateArrays();
    int average = settings.loop().average() > 0 ? 1 : 0;
    int best = 1;
    // A checkpoint is copied, and then written as one array of bytes.
    int stored = 2 * (1 + state + average + best);
    int sent = shape.nodes() > 1 ? 2 : 0;
    return (long) state + 2 * average + best + sent + Math.max(stored, HANDED_OVER);
  }

  /** The same where others compute outside the heap, too. */
  TrainingMemory plusOutside(long more) {
    return new TrainingMemory(rows, replicas, weights, remembered, outside + more, oneDnn);
  }

  /** The heap that it takes. */
  long heap() {
    return SPARK + rows + replicas + weights + remembered;
  }

  /** For a person, in MiB. */
  String shown() {
    return String.format(
        Locale.ROOT,
        "rows %,d MiB, replicas %,d MiB, optimizer and copies of weights %,d MiB, banks and queues"
            + " %,d MiB",
        mebibytes(rows),
        mebibytes(replicas),
        mebibytes(weights),
        mebibytes(remembered));
  }

  static long mebibytes(long bytes) {
    return (bytes + (1 << 20) - 1) >> 20;
  }
}
