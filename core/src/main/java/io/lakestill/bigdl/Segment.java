package io.lakestill.bigdl;

import io.lakestill.train.exchange.Mesh;
import java.io.Serializable;
import java.util.List;

/**
 * Steps that all nodes take in one Spark stage.
 *
 * @param first step, counted from 1
 * @param last step
 * @param company of the nodes
 * @param stores where the state goes that the last step leaves, once that is found to be finite;
 *     none when it is not stored
 */
record Segment(int first, int last, Mesh.Company company, List<CheckpointPlace> stores)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  Segment {
    stores = List.copyOf(stores);
  }
}
