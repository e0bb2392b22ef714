package io.lakestill.bigdl;

import io.lakestill.train.RowOrder;
import io.lakestill.train.Shard;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The endless stream of a partition's rows, or of one shard's, with the passes it is in. */
final class RowStream {
  private final RowOrder order;
  private final Optional<Shard> shard;
  private final Map<Long, int[]> permutations = new HashMap<>();

  /**
   * @param order over the samples
   * @param shard whose samples they are; without one, samples are the partition's rows
   */
  RowStream(RowOrder order, Optional<Shard> shard) {
    this.order = order;
    this.shard = shard;
  }

  Optional<Shard> shard() {
    return shard;
  }

  /** The sample at a place of the stream, counted from 0. */
  int sample(long position) {
    return permutation(position / order.rows())[(int) (position % order.rows())];
  }

  /** The view in which a sample is seen that is at a place. */
  int view(int sample, long position) {
    return order.view(sample, position / order.rows());
  }

  /** The partition's row of a sample. */
  int row(int sample) {
    return shard.isPresent() ? shard.get().row(sample) : sample;
  }

  private synchronized int[] permutation(long pass) {
    int[] known = permutations.get(pass);
    if (known == null) {
      // A batch reaches into one pass and perhaps the next; older ones are not needed again.
      permutations.keySet().removeIf(other -> other != pass - 1);
      known = order.permutation(pass);
      permutations.put(pass, known);
    }
    return known;
  }
}
