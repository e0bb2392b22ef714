package io.lakestill.student;

import java.util.List;

/**
 * The mean of a square window. Padding counts as zeros (the default of PyTorch and BigDL), so the
 * divisor is always {@code kernel * kernel}. Windows that would reach over the padded edge are left
 * out.
 *
 * @param kernel height and width of the window
 * @param stride how far the window moves, on both axes
 * @param padding zeros added on each side, at most half the kernel
 */
public record AveragePooling(String name, String input, int kernel, int stride, int padding)
    implements Layer {
  public AveragePooling {
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
    LayerRules.needsImage("average pooling", inputs.get(0));
    return LayerRules.slide(inputs.get(0), inputs.get(0).channels(), kernel, stride, padding);
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.averagePooling(this);
  }
}
