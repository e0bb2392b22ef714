package io.lakestill.teacher;

import java.io.Serializable;
import java.util.List;

/**
 * A signal and the tensor that gives it.
 *
 * @param signal such as {@code logits}, {@code embedding} or {@code map_<layer>}
 * @param tensor the name of the model's output, or of a tensor inside it
 * @param shape of one row's values, without the batch; {@code [1]} for one value per row
 */
public record SignalOutput(String signal, String tensor, List<Integer> shape)
    implements Serializable {
  public SignalOutput {
    shape = List.copyOf(shape);
  }

  /** Values per row. */
  public int width() {
    return shape.stream().reduce(1, Math::multiplyExact);
  }
}
