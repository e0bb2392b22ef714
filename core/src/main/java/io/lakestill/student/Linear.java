package io.lakestill.student;

import java.util.ArrayList;
import java.util.List;

/**
 * A fully connected layer: {@code x W^T + b}. Shapes: {@code [in]} to {@code [width]}.
 *
 * @param width the values it makes
 * @param bias whether it adds {@code b}
 */
public record Linear(String name, String input, int width, boolean bias) implements Layer {
  public Linear {
    LayerRules.name(name);
    LayerRules.atLeastOne("width", width);
  }

  @Override
  public List<String> inputs() {
    return List.of(input);
  }

  @Override
  public Shape outputShape(List<Shape> inputs) {
    if (inputs.get(0).isImage()) {
      throw new IllegalArgumentException(
          "a linear layer needs a flat input, its input is %s; put a flatten layer between"
              .formatted(inputs.get(0)));
    }
    return Shape.flat(width);
  }

  @Override
  public List<ParameterSpec> parameters(List<Shape> inputs) {
    List<ParameterSpec> parameters = new ArrayList<>();
    parameters.add(ParameterSpec.trainable(name + ".weight", width, inputs.get(0).width()));
    if (bias) {
      parameters.add(ParameterSpec.trainable(name + ".bias", width));
    }
    return List.copyOf(parameters);
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.linear(this);
  }
}
