package io.lakestill.student;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A family of graphs with options; any input shape and number of classes that it can take. */
public sealed interface Architecture permits Mlp, LeNet, ResNet {

  /**
   * The layers, in order; the last one gives {@code [classes]}.
   *
   * @throws IllegalArgumentException when the architecture cannot take this input
   */
  List<Layer> layers(Shape input, int classes);

  /** The layer whose result is {@code embedding}. */
  String embedding();

  /**
   * @param outputs further outputs, output name to layer name; may replace {@code embedding}
   * @throws IllegalArgumentException naming what is refused, and why
   */
  default StudentGraph graph(Shape input, int classes, Map<String, String> outputs) {
    List<Layer> layers = layers(input, classes);
    Map<String, String> named = new TreeMap<>();
    named.put(StudentGraph.EMBEDDING, embedding());
    named.putAll(outputs);
    named.put(StudentGraph.LOGITS, layers.get(layers.size() - 1).name());
    return new StudentGraph(input, layers, named);
  }
}
