package io.lakestill.bigdl;

import io.lakestill.train.Mixture;
import java.util.Optional;

/**
 * Which rows a core's batch is of.
 *
 * @param rows of the node, one per slot
 * @param views in which they are seen
 * @param origin of all of them
 */
record BatchRows(int[] rows, int[] views, RowOrigin origin) {
  /** The same rows, mixed. */
  BatchRows mixed(Optional<Mixture> how) {
    return new BatchRows(rows, views, origin.mixed(how));
  }
}
