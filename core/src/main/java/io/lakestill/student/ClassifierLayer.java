package io.lakestill.student;

import java.util.List;

/**
 * The linear layer by which a model makes its logits of one of its outputs.
 *
 * @param layer gives the logits, and reads that output and nothing between
 * @param parameters its weight {@code [classes, width]}, and its bias {@code [classes]} if it has
 *     one
 */
public record ClassifierLayer(Linear layer, List<ParameterSpec> parameters) {
  public ClassifierLayer {
    parameters = List.copyOf(parameters);
  }

  /**
   * @param features the output that it must read, such as {@code embedding}
   * @throws IllegalArgumentException when the model has no such layer, with what it has instead
   */
  public static ClassifierLayer of(StudentGraph graph, String features) {
    String last = graph.outputs().get(StudentGraph.LOGITS);
    String read = graph.outputs().get(features);
    if (!(graph.layer(last) instanceof Linear linear)) {
      throw new IllegalArgumentException(
          "the layer '%s', which gives the logits, is not linear".formatted(last));
    }
    if (!linear.input().equals(read)) {
      throw new IllegalArgumentException(
          "the layer '%s', which gives the logits, reads '%s', and '%s' is %s; the layer it reads must be that output"
              .formatted(last, linear.input(), features, read == null ? "none" : "'" + read + "'"));
    }
    return new ClassifierLayer(linear, linear.parameters(graph.inputShapes(linear)));
  }
}
