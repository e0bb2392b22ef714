package io.lakestill.bigdl;

import io.lakestill.error.RowErrors;
import io.lakestill.train.PackedRows;
import io.lakestill.train.RowOrder;
import io.lakestill.train.Shard;
import io.lakestill.train.Sharding;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import org.apache.spark.util.KnownSizeEstimation;

/**
 * One node's packed rows as its executor keeps them, with the orders of the passes it is in, the
 * shards, if the loss asks for any, and the training itself.
 *
 * <p>Batches are pure functions of the order and the step; the orders kept are only a saving. What
 * shards remember and what was learned is not: it lives here and nowhere else, so there are no
 * copies of a source. Spark closes it when it frees its memory.
 */
final class RowSource implements KnownSizeEstimation, AutoCloseable, Serializable {
  private static final long serialVersionUID = 1L;
  private static final long OVERHEAD = 4096;

  private final PackedRows training;
  private final PackedRows validation;
  private final long seed;
  private final int node;
  private List<RowStream> streams;
  private Optional<NodeTraining> learning = Optional.empty();

  RowSource(PackedRows training, PackedRows validation, long seed, int node) {
    this.training = training;
    this.validation = validation;
    this.seed = seed;
    this.node = node;
  }

  /** Its number among the nodes. */
  int node() {
    return node;
  }

  PackedRows training() {
    return training;
  }

  PackedRows validation() {
    return validation;
  }

  /** What Spark counts of its storage memory; by itself it would follow every reference. */
  @Override
  public long estimatedSize() {
    return OVERHEAD + heapBytes();
  }

  /** The bytes of its rows in memory. */
  long heapBytes() {
    return training.heapBytes() + validation.heapBytes();
  }

  /** The bytes of its rows on the local disk. */
  long diskBytes() {
    return training.diskBytes() + validation.diskBytes();
  }

  /** Spark would write it to a disk when there is no room for it, and lose what it has learned. */
  private Object writeReplace() {
    throw RowErrors.doNotFit(heapBytes());
  }

  /** What is learned from these rows; empty before {@link #learns}. */
  synchronized Optional<NodeTraining> learning() {
    return learning;
  }

  /** Puts a training in the place of the one before. */
  synchronized void learns(NodeTraining next) {
    learning().ifPresent(NodeTraining::close);
    learning = Optional.of(next);
  }

  /** Closes the training, if there is one. */
  synchronized void forget() {
    learning().ifPresent(NodeTraining::close);
    learning = Optional.empty();
  }

  /** Frees the disk; to be called when no task is at work with it. */
  @Override
  public void close() {
    forget();
    training.close();
    validation.close();
  }

  /** A core's rows of a step, or of a part of it. */
  BatchRows batch(int number, int core, NodeSetup setup) {
    int cores = setup.cluster().coresPerNode();
    int each = setup.rowsPerCore();
    int step = (number - 1) / setup.loop().accumulate() + 1;
    return batch(number, core, cores, each, setup.dealing())
        .mixed(setup.mixing().at(step, node * cores + core, number, each));
  }

  /**
   * A core's rows of a step: {@code [(step - 1) * cores * each + core * each, ...)} of the node's
   * stream that {@link RowOrder} describes. With shards, each has a stream of its own.
   *
   * @param step counts from 1
   * @param cores that train on as many rows each
   * @param each rows
   * @param sharding how rows are dealt to cores; empty when any core may train on any row
   */
  BatchRows batch(int step, int core, int cores, int each, Optional<Sharding> sharding) {
    List<RowStream> from = streams(sharding);
    boolean shared = from.size() == 1;
    RowStream stream = from.get(shared ? 0 : core);
    int[] samples = new int[each];
    int[] rows = new int[each];
    int[] views = new int[each];
    long position = (step - 1L) * each * cores / from.size() + (shared ? (long) core * each : 0);
    for (int slot = 0; slot < each; slot++, position++) {
      samples[slot] = stream.sample(position);
      rows[slot] = stream.row(samples[slot]);
      views[slot] = stream.view(samples[slot], position);
    }
    return new BatchRows(
        rows, views, new RowOrigin(step, node * cores + core, stream.shard(), samples));
  }

  /** Fills a batch with training rows. */
  void fill(CoreBatch batch, BatchRows with) {
    copy(batch, with, 0, batch.rows());
    batch.from(with.origin());
  }

  /** Copies the rows of some slots, {@code [from, to)}. */
  void copy(CoreBatch batch, BatchRows with, int from, int to) {
    for (int slot = from; slot < to; slot++) {
      batch.copy(training, with.rows()[slot], with.views()[slot], slot);
    }
  }

  /** Fills a batch with validation rows from {@code first} on, in their first view. */
  void fillValidation(CoreBatch batch, int first) {
    for (int slot = 0; slot < batch.rows(); slot++) {
      batch.copy(validation, first + slot, 0, slot);
    }
    batch.from(RowOrigin.VALIDATION);
  }

  /** The shards, dealt when first asked for. */
  List<Shard> shards(Sharding sharding) {
    return streams(Optional.of(sharding)).stream().map(s -> s.shard().orElseThrow()).toList();
  }

  private synchronized List<RowStream> streams(Optional<Sharding> sharding) {
    if (streams == null) {
      streams =
          sharding.isPresent()
              ? sharding.get().deal(training, node).stream().map(this::stream).toList()
              : List.of(stream());
    }
    return streams;
  }

  /** Deals shards anew, as they were before the first step. */
  synchronized void dealAgain() {
    streams = null;
  }

  private RowStream stream() {
    return new RowStream(
        new RowOrder(seed, node, training.rows(), training.views()), Optional.empty());
  }

  private RowStream stream(Shard shard) {
    return new RowStream(
        new RowOrder(seed, shard.worker(), shard.samples(), training.views()), Optional.of(shard));
  }
}
