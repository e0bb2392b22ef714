package io.lakestill.bigdl;

import io.lakestill.student.Convolution;
import io.lakestill.student.Layer;
import io.lakestill.student.MaxPooling;
import io.lakestill.student.ParameterSpec;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import java.util.List;
import java.util.Set;

/**
 * The bytes that the layers of one replica keep, beside weights and their gradients.
 *
 * @param heap in arrays
 * @param outside in oneDNN's memory
 */
record LayerMemory(long heap, long outside) {
  static final LayerMemory NONE = new LayerMemory(0, 0);

  /** The channels that oneDNN lays side by side, at most. */
  private static final int BLOCK = 16;

  /** Layers over arrays, which train. */
  LayerMemory arrays(StudentGraph graph, HeapRegions regions, int rows) {
    return arrays(graph, Set.of(), regions, rows);
  }

  /**
   * Layers over arrays.
   *
   * @param evaluating those that compute in evaluation only, and so make no gradients
   */
  private LayerMemory arrays(
      StudentGraph graph, Set<String> evaluating, HeapRegions regions, int rows) {
    long all = heap;
    for (Layer layer : graph.layers()) {
      ArrayValues values = layer.accept(new ArrayValues.Of(graph));
      all += regions.array(rows * values.result()) + regions.array(values.shifted());
      if (!evaluating.contains(layer.name())) {
        all += regions.array(rows * values.noted()) + regions.array(values.turned());
        for (long gradient : values.gradients()) {
          all += regions.array(rows * gradient);
        }
      }
    }
    return new LayerMemory(all, outside);
  }

  /** BigDL's own: its convolutions lower a whole batch to one product, forward and back. */
  LayerMemory bigdl(StudentGraph graph, HeapRegions regions, int rows) {
    long lowered = 0;
    for (Layer layer : graph.layers()) {
      if (layer instanceof Convolution convolution) {
        Shape out = graph.shapeOf(layer.name());
        long window = (long) convolution.kernel() * convolution.kernel();
        long places = (long) out.width() / out.channels();
        long channels = graph.inputShapes(layer).get(0).channels();
        lowered += 2 * regions.array(rows * window * channels * places);
      }
    }
    return new LayerMemory(heap + lowered, outside).arrays(graph, regions, rows);
  }

  /**
   * The trunk by oneDNN, with its results and gradients and their copies in other layouts; the same
   * layers over arrays for evaluation; and all others.
   */
  LayerMemory oneDnn(StudentGraph graph, Set<String> trunk, HeapRegions regions, int rows) {
    long perRow = 0;
    long weights = 0;
    long back = regions.array((long) rows * graph.input().width());
    for (Layer layer : graph.layers()) {
      if (trunk.contains(layer.name())) {
        long out = blocked(graph.shapeOf(layer.name()));
        boolean pools = layer instanceof MaxPooling; // Where the largest were.
        boolean leaves = leaves(graph, layer.name(), trunk);
        List<Shape> inputs = graph.inputShapes(layer);
        perRow += out + (pools ? out : 0) + (leaves ? out : 0);
        perRow += inputs.stream().mapToLong(LayerMemory::blocked).sum();
        weights += layer.parameters(inputs).stream().mapToLong(ParameterSpec::size).sum();
        back += leaves ? regions.array(rows * out) : 0;
      }
    }
    // Each weight as it is and as oneDNN wants it, and so its gradient.
    long computing = Float.BYTES * (rows * perRow + 4 * weights);
    return new LayerMemory(heap + back, outside + computing).arrays(graph, trunk, regions, rows);
  }

  private static boolean leaves(StudentGraph graph, String layer, Set<String> trunk) {
    return graph.outputs().containsValue(layer)
        || graph.layers().stream()
            .anyMatch(other -> !trunk.contains(other.name()) && other.inputs().contains(layer));
  }

  private static long blocked(Shape shape) {
    int channels = shape.channels();
    long places = shape.width() / channels;
    return channels < BLOCK / 2 ? shape.width() : (channels + BLOCK - 1) / BLOCK * BLOCK * places;
  }
}
