package io.lakestill.student;

import java.util.List;

/** {@code left + right}, value by value. Shapes: both inputs and the output are the same. */
public record Add(String name, String left, String right) implements Layer {
  public Add {
    LayerRules.name(name);
  }

  @Override
  public List<String> inputs() {
    return List.of(left, right);
  }

  @Override
  public Shape outputShape(List<Shape> inputs) {
    if (!inputs.get(0).equals(inputs.get(1))) {
      throw new IllegalArgumentException(
          "add needs two inputs of one shape, '%s' is %s and '%s' is %s"
              .formatted(left, inputs.get(0), right, inputs.get(1)));
    }
    return inputs.get(0);
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.add(this);
  }
}
