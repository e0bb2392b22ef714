package io.lakestill.student;

import java.util.List;

/**
 * The values of an image in a row, channel by channel. Shapes: {@code [c, h, w]} to {@code [c * h *
 * w]}; a flat input stays as it is.
 */
public record Flatten(String name, String input) implements Layer {
  public Flatten {
    LayerRules.name(name);
  }

  @Override
  public List<String> inputs() {
    return List.of(input);
  }

  @Override
  public Shape outputShape(List<Shape> inputs) {
    return Shape.flat(inputs.get(0).width());
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.flatten(this);
  }
}
