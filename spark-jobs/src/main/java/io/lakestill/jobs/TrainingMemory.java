package io.lakestill.jobs;

import io.lakestill.bigdl.ClusterShape;
import io.lakestill.objective.Dimensions;
import io.lakestill.recipe.LoopSettings;
import io.lakestill.recipe.TrainSettings;
import io.lakestill.student.Add;
import io.lakestill.student.Flatten;
import io.lakestill.student.Layer;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.BatchLayout;
import io.lakestill.train.RowLayout;
import io.lakestill.train.UpdateRule;
import java.util.List;
import java.util.Locale;

/**
 * The bytes a training holds on each node, estimated from below: what is certain to be there at
 * once, without what Spark and the JVM themselves need.
 *
 * @param rows packed, of training and validation
 * @param replicas of all cores: a core's batch, results and gradients of its layers, and its
 *     weights and their gradient
 * @param weights what the optimizer remembers of each, their average, the best epoch's and, with
 *     other nodes, what is exchanged
 * @param remembered by the loss, in banks and queues
 */
record TrainingMemory(long rows, long replicas, long weights, long remembered) {
  /** Of a float. */
  private static final long VALUE = 4;

  /** The two arrays of a row and their places. */
  private static final long ROW = 48;

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
   */
  static TrainingMemory of(
      Blueprint.Training training, RowLayout targets, ClusterShape shape, Rows rows) {
    StudentGraph graph = training.graph();
    TrainSettings settings = training.settings();
    LoopSettings loop = settings.loop();
    long features =
        graph.input().sizes().stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
    long row = VALUE * (features + targets.width());
    long packed = rows.training() * (rows.views() * row + ROW) + rows.validation() * (row + ROW);
    int rowsPerCore = settings.batch() / shape.cores() / loop.accumulate();
    long parameters = graph.trainableParameters();
    long perRow = features + targets.width() + activations(graph);
    long replica = VALUE * (2 * parameters + rowsPerCore * perRow);
    long arrays =
        1L
            + UpdateRule.of(settings.optimizer(), List.of()).stateArrays()
            + (loop.average() > 0 ? 2 : 0)
            + (shape.nodes() > 1 ? 1 : 0);
    return new TrainingMemory(
        packed,
        shape.coresPerNode() * replica,
        VALUE * arrays * parameters,
        VALUE * shape.coresPerNode() * remembered(training, targets, shape, rows, rowsPerCore));
  }

  /** Values of a core's banks and queues. */
  private static long remembered(
      Blueprint.Training training,
      RowLayout targets,
      ClusterShape shape,
      Rows rows,
      int rowsPerCore) {
    int samples =
        (int) Math.min(Integer.MAX_VALUE, Math.max(1, rows.training() / shape.coresPerNode()));
    BatchLayout layout =
        BatchLayout.of(training.objectives(), training.graph(), targets, rowsPerCore, samples);
    Dimensions dimensions = layout.dimensions(rowsPerCore, samples);
    return training.objectives().equip(dimensions).memorySize();
  }

  /** Values that the layers keep of one row: each its result and the gradient by its input. */
  private static long activations(StudentGraph graph) {
    long values = 0;
    for (Layer layer : graph.layers()) {
      if (layer instanceof Flatten) {
        continue; // Another view of the same values.
      }
      values += size(graph, layer.name());
      if (!(layer instanceof Add)) { // It hands on the gradient that it is given.
        for (String input : layer.inputs()) {
          values += input.equals(Layer.INPUT) ? 0 : size(graph, input);
        }
      }
    }
    return values;
  }

  private static long size(StudentGraph graph, String layer) {
    return graph.shapeOf(layer).sizes().stream()
        .mapToLong(Integer::longValue)
        .reduce(1, Math::multiplyExact);
  }

  /** The same where fewer bytes of the rows are in memory. */
  TrainingMemory withRows(long bytes) {
    return new TrainingMemory(bytes, replicas, weights, remembered);
  }

  long total() {
    return rows + replicas + weights + remembered;
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
