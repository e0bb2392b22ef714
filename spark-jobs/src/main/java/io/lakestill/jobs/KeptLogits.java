package io.lakestill.jobs;

import io.lakestill.signal.codec.Topk;
import java.io.Serializable;

/**
 * What a loss takes of logits that are stored by {@code topk}.
 *
 * @param codec how they are stored
 * @param count the largest of each row, at most those that are stored
 * @param temperature at which the others' mass counts, one of the codec's
 */
record KeptLogits(Topk codec, int count, double temperature) implements Serializable {
  private static final long serialVersionUID = 1L;

  /** The place of the temperature among the codec's. */
  int place() {
    return codec.temperatures().indexOf(temperature);
  }
}
