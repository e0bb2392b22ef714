package io.lakestill.student;

import java.util.ArrayList;
import java.util.List;

/**
 * A multi-layer perceptron: {@code (linear, ReLU) x n, linear}; images are flattened first. The
 * embedding is the last hidden activation.
 *
 * <p>Layers: {@code flatten} (images only), {@code linear1}, {@code relu1}, ..., {@code logits}.
 *
 * @param hidden the widths of the hidden layers, at least one
 */
public record Mlp(List<Integer> hidden) implements Architecture {
  public Mlp {
    hidden = List.copyOf(hidden);
    if (hidden.isEmpty() || hidden.stream().anyMatch(width -> width < 1)) {
      throw new IllegalArgumentException(
          "hidden must be one or more widths of at least 1, is " + hidden);
    }
  }

  @Override
  public List<Layer> layers(Shape input, int classes) {
    List<Layer> layers = new ArrayList<>();
    String last = Layer.INPUT;
    if (input.isImage()) {
      last = "flatten";
      layers.add(new Flatten(last, Layer.INPUT));
    }
    last = Heads.hidden(layers, last, hidden);
    layers.add(new Linear(StudentGraph.LOGITS, last, classes, true));
    return layers;
  }

  @Override
  public String embedding() {
    return "relu" + hidden.size();
  }
}
