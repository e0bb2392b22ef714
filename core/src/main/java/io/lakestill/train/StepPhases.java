package io.lakestill.train;

import java.io.Serializable;

/**
 * Where the time of steps went on the first core of the first node, in nanoseconds.
 *
 * @param data rows copied into a batch, or waited for
 * @param model forward and backward
 * @param loss value and gradient
 * @param exchange gradients added over cores and nodes
 * @param update weights changed
 */
public record StepPhases(long data, long model, long loss, long exchange, long update)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  public static final StepPhases NONE = new StepPhases(0, 0, 0, 0, 0);

  public StepPhases plus(StepPhases other) {
    return new StepPhases(
        data + other.data,
        model + other.model,
        loss + other.loss,
        exchange + other.exchange,
        update + other.update);
  }
}
