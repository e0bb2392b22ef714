package io.lakestill.bigdl;

import io.lakestill.recipe.TrainingEngine;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.BatchLayout;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What one core holds while it trains, in bytes, by the arrays that its replica makes: its weights
 * and their gradient, results and gradients of its layers, and the views that the loss has of them.
 * What an objective keeps for itself while it computes is not known here and not counted.
 *
 * @param heap in arrays
 * @param outside the heap, where oneDNN computes
 */
public record ReplicaMemory(long heap, long outside) {
  /** The flat output, what joins it, its gradient and what divides that again. */
  private static final int FLAT_COPIES = 4;

  /**
   * @param layout of what reaches the loss
   * @param measures how often the loss or a term of it has a view of the batch: in training, and
   *     for each term that is measured in validation
   * @param rows in one pass forward and back
   * @param engine that computes; {@code AUTO} tries two of them side by side
   * @param regions of the heap
   */
  public static ReplicaMemory of(
      StudentGraph graph,
      BatchLayout layout,
      int measures,
      int rows,
      TrainingEngine engine,
      HeapRegions regions) {
    long weights = regions.array(parameters(graph, layout));
    long loss =
        measures * seen(layout, regions, rows)
            + FLAT_COPIES * regions.array((long) rows * layout.columns(rows))
            + 4 * regions.array(layout.parameters().size());
    LayerMemory layers = layers(graph, layout, rows, engine, regions);
    boolean tries = engine == TrainingEngine.AUTO && layers.outside() > 0;
    return new ReplicaMemory((tries ? 4 : 2) * weights + loss + layers.heap(), layers.outside());
  }

  /** A view of the batch: outputs, their gradients, and targets, an array for each. */
  private static long seen(BatchLayout layout, HeapRegions regions, int rows) {
    long outputs =
        layout.outputs().slots().stream()
            .mapToLong(slot -> regions.array((long) rows * slot.width()))
            .sum();
    long targets =
        layout.targets().slots().stream()
            .mapToLong(slot -> regions.array((long) rows * slot.width()))
            .sum();
    return 2 * outputs + targets;
  }

  private static LayerMemory layers(
      StudentGraph graph,
      BatchLayout layout,
      int rows,
      TrainingEngine engine,
      HeapRegions regions) {
    List<String> outputs = BigDlGraph.names(layout.outputs());
    Set<String> trunk = new HashSet<>(OneDnnLayers.trunk(graph, outputs).layers());
    LayerMemory arrays = LayerMemory.NONE.arrays(graph, regions, rows);
    return switch (engine) {
      case ARRAYS -> arrays;
      case BIGDL -> LayerMemory.NONE.bigdl(graph, regions, rows);
      case ONEDNN -> LayerMemory.NONE.oneDnn(graph, trunk, regions, rows);
      // The trial has a graph of either, with weights of their own.
      case AUTO -> trunk.isEmpty() ? arrays : arrays.oneDnn(graph, trunk, regions, rows);
    };
  }

  /** What is learned: of the student and of the loss. */
  public static long parameters(StudentGraph graph, BatchLayout layout) {
    return graph.trainableParameters() + layout.heads().size();
  }
}
