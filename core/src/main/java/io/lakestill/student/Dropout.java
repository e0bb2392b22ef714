package io.lakestill.student;

import java.util.List;

/**
 * Inverted dropout (Srivastava et al., 2014): in training each value is zeroed with probability
 * {@code rate} and the others are divided by {@code 1 - rate}; afterwards nothing. Shapes: the
 * input's.
 *
 * @param rate in [0, 1)
 */
public record Dropout(String name, String input, double rate) implements Layer {
  public Dropout {
    LayerRules.name(name);
    if (!(rate >= 0 && rate < 1)) {
      throw new IllegalArgumentException("rate must be in [0, 1), is " + rate);
    }
  }

  @Override
  public List<String> inputs() {
    return List.of(input);
  }

  @Override
  public Shape outputShape(List<Shape> inputs) {
    return inputs.get(0);
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.dropout(this);
  }
}
