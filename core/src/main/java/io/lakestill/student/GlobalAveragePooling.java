package io.lakestill.student;

import java.util.List;

/** The mean of each channel (Lin et al., 2014). Shapes: {@code [c, h, w]} to {@code [c]}. */
public record GlobalAveragePooling(String name, String input) implements Layer {
  public GlobalAveragePooling {
    LayerRules.name(name);
  }

  @Override
  public List<String> inputs() {
    return List.of(input);
  }

  @Override
  public Shape outputShape(List<Shape> inputs) {
    LayerRules.needsImage("global average pooling", inputs.get(0));
    return Shape.flat(inputs.get(0).channels());
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.globalAveragePooling(this);
  }
}
