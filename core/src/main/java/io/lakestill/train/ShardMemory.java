package io.lakestill.train;

import io.lakestill.error.Errors;
import io.lakestill.objective.State;
import java.io.Serializable;

/**
 * What one worker's shard remembers, on its way to the driver.
 *
 * @param worker whose it is
 * @param step that last changed it
 * @param state what is remembered
 */
public record ShardMemory(int worker, int step, State state) implements Serializable {
  private static final long serialVersionUID = 1L;

  /**
   * Puts it under the worker's number.
   *
   * @param due the step after which it is wanted
   * @throws io.lakestill.error.LakestillException (exit 75) when it is that of another step
   */
  public void copyTo(State all, int due) {
    if (!States.hasTensors(state)) {
      return;
    }
    if (step != due) {
      throw Errors.memoryLost(worker, step, due);
    }
    States.put(all.part(String.valueOf(worker)), state.copy());
  }
}
