package io.lakestill.student;

import java.util.ArrayList;
import java.util.List;

/**
 * A square two-dimensional convolution (cross-correlation) with zero padding on all four sides.
 *
 * <p>Shapes: {@code [in, h, w]} to {@code [channels, (h + 2 padding - kernel) / stride + 1, ...]},
 * rounded down.
 *
 * @param channels the channels it makes
 * @param kernel height and width of the window
 * @param stride how far the window moves, on both axes
 * @param padding zeros on each side, less than the kernel
 * @param bias whether it adds one number per channel
 */
public record Convolution(
    String name, String input, int channels, int kernel, int stride, int padding, boolean bias)
    implements Layer {
  public Convolution {
    LayerRules.name(name);
    LayerRules.atLeastOne("channels", channels);
    LayerRules.atLeastOne("kernel", kernel);
    LayerRules.atLeastOne("stride", stride);
    LayerRules.notNegative("padding", padding);
    if (padding >= kernel) {
      throw new IllegalArgumentException(
          "padding must be less than the kernel (%d), is %d".formatted(kernel, padding));
    }
  }

  @Override
  public List<String> inputs() {
    return List.of(input);
  }

  @Override
  public Shape outputShape(List<Shape> inputs) {
    LayerRules.needsImage("a convolution", inputs.get(0));
    return LayerRules.slide(inputs.get(0), channels, kernel, stride, padding);
  }

  @Override
  public List<ParameterSpec> parameters(List<Shape> inputs) {
    List<ParameterSpec> parameters = new ArrayList<>();
    int in = inputs.get(0).channels();
    parameters.add(ParameterSpec.trainable(name + ".weight", channels, in, kernel, kernel));
    if (bias) {
      parameters.add(ParameterSpec.trainable(name + ".bias", channels));
    }
    return List.copyOf(parameters);
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.convolution(this);
  }
}
