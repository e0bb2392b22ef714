package io.lakestill.objective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Set;

/** Compares analytic gradients with central differences of the loss. */
public final class FiniteDifferences {
  private static final float STEP = 1e-3f;

  private FiniteDifferences() {}

  /** Every entry within 1e-4 of the largest difference quotient of its input. */
  public static void assertGradientMatches(Objective objective, Batch batch, String context) {
    assertGradientMatches(objective, batch, objective.requires().differentiable(), context);
  }

  /** The same for some inputs of those the loss is differentiated by. */
  public static void assertGradientMatches(
      Objective objective, Batch batch, Set<String> names, String context) {
    Set<String> all = batch.present(objective.requires().differentiable());
    Gradients analytic = Gradients.of(batch, all);
    objective.evaluate(batch, analytic);
    Gradients ignored = Gradients.of(batch, all);
    for (String name : names) {
      float[] values = batch.tensor(name).data();
      double[] quotients = new double[values.length];
      double largest = 1e-3;
      for (int i = 0; i < values.length; i++) {
        float kept = values[i];
        values[i] = kept + STEP;
        float above = values[i];
        double lossAbove = objective.evaluate(batch, ignored);
        values[i] = kept - STEP;
        double lossBelow = objective.evaluate(batch, ignored);
        // The step that float rounding really took, not the one asked for.
        quotients[i] = (lossAbove - lossBelow) / ((double) above - values[i]);
        values[i] = kept;
        largest = Math.max(largest, Math.abs(quotients[i]));
      }
      float[] gradient = analytic.of(name).data();
      for (int i = 0; i < values.length; i++) {
        assertThat((double) gradient[i])
            .as("%s: d loss / d %s[%d]", context, name, i)
            .isCloseTo(quotients[i], within(1e-4 * largest));
      }
    }
  }
}
