package io.lakestill.objective;

import io.lakestill.error.Errors;
import java.util.Arrays;

/** Rules on the shapes of inputs, for objectives to state at their start. */
public final class Shapes {
  private Shapes() {}

  /** Refuses two inputs of different shapes. */
  public static void requireSame(String nameA, Tensor a, String nameB, Tensor b) {
    if (!a.sameShape(b)) {
      throw Errors.badInput(
          "'%s' has shape %s and '%s' %s; this objective needs them equal."
              .formatted(nameA, Arrays.toString(a.shape()), nameB, Arrays.toString(b.shape())));
    }
  }
}
