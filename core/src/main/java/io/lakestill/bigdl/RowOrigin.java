package io.lakestill.bigdl;

import io.lakestill.train.Draws;
import io.lakestill.train.Mixture;
import io.lakestill.train.Shard;
import java.util.Optional;

/**
 * Where the rows of a core's batch are from.
 *
 * @param step that trains on them, counted from 1, every part of an accumulated step for itself; 0
 *     for validation rows
 * @param worker the core that trains on them, {@code node * cores + core}; {@link Draws#NO_WORKER}
 *     for validation rows
 * @param shard whose samples they are, if the loss asks for shards; empty for validation rows
 * @param samples the sample number of each row within its shard, or else its node; empty for
 *     validation rows
 * @param mixture how they are mixed in pairs, if they are
 */
record RowOrigin(
    int step, int worker, Optional<Shard> shard, int[] samples, Optional<Mixture> mixture) {
  /** Rows that nothing is learned from. */
  static final RowOrigin VALIDATION =
      new RowOrigin(0, Draws.NO_WORKER, Optional.empty(), new int[0]);

  /** Of rows as they are. */
  RowOrigin(int step, int worker, Optional<Shard> shard, int[] samples) {
    this(step, worker, shard, samples, Optional.empty());
  }

  /** The same rows, mixed. */
  RowOrigin mixed(Optional<Mixture> how) {
    return new RowOrigin(step, worker, shard, samples, how);
  }
}
