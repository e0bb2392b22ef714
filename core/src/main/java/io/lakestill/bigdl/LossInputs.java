package io.lakestill.bigdl;

import io.lakestill.objective.Equipment;
import io.lakestill.objective.Objective;
import io.lakestill.train.BatchLayout;
import io.lakestill.train.Draws;
import io.lakestill.train.EpochPlan;
import io.lakestill.train.Shard;
import java.io.Serializable;

/**
 * What a loss's batches are made from, on every core alike.
 *
 * @param layout where its inputs lie
 * @param plan how steps relate to progress
 * @param seed of what is drawn
 * @param samples the training examples of the smallest shard
 */
record LossInputs(BatchLayout layout, EpochPlan plan, long seed, int samples)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  /**
   * The arrays of a loss, or of one of its terms, for batches of so many rows.
   *
   * @param origin of the rows; without a shard nothing is drawn from one
   */
  FlatBatch batch(Objective loss, int rows, RowOrigin origin) {
    int known = origin.shard().map(Shard::samples).orElse(samples);
    Equipment equipment = loss.equip(layout.dimensions(rows, known));
    Draws draws = new Draws(equipment.draws(), rows, origin.worker(), origin.shard(), seed);
    return new FlatBatch(rows, layout, plan, origin, draws);
  }
}
