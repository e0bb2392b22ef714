package io.lakestill.student;

import java.util.List;

/**
 * The largest value under a square window. Padding never wins. Windows that would reach over the
 * padded edge are left out.
 *
 * @param kernel height and width of the window
 * @param stride how far the window moves, on both axes
 * @param padding positions added on each side, at most half the kernel
 */
public record MaxPooling(String name, String input, int kernel, int stride, int padding)
    implements Layer {
  public MaxPooling {
    LayerRules.name(name);
    LayerRules.atLeastOne("kernel", kernel);
    LayerRules.atLeastOne("stride", stride);
    LayerRules.poolingPadding(padding, kernel);
  }

  @Override
  public List<String> inputs() {
    return List.of(input);
  }

  @Override
  public Shape outputShape(List<Shape> inputs) {
    LayerRules.needsImage("max pooling", inputs.get(0));
    return LayerRules.slide(inputs.get(0), inputs.get(0).channels(), kernel, stride, padding);
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.maxPooling(this);
  }
}
