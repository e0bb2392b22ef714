package io.lakestill.bigdl;

import io.lakestill.train.Draws;
import io.lakestill.train.Shard;
import io.lakestill.train.TermReport;
import java.util.List;
import java.util.Optional;
import org.apache.spark.util.CollectionAccumulator;

/**
 * Where the rows of a core's batch are from.
 *
 * @param step that trains on them, counted from 1; 0 for validation rows
 * @param worker the core that trains on them, {@code partition * cores + core}; {@link
 *     Draws#NO_WORKER} for validation rows
 * @param shard whose samples they are, if the loss asks for shards; empty for validation rows
 * @param samples the sample number of each row within its shard, or else its partition; empty for
 *     validation rows
 * @param reports where the terms' losses and gradients go, if someone wants to know
 */
record RowOrigin(
    int step,
    int worker,
    Optional<Shard> shard,
    int[] samples,
    Optional<CollectionAccumulator<List<TermReport>>> reports) {
  /** Rows that nothing is learned from. */
  static final RowOrigin VALIDATION =
      new RowOrigin(0, Draws.NO_WORKER, Optional.empty(), new int[0], Optional.empty());
}
