package io.lakestill.bigdl;

import io.lakestill.train.PackedRows;
import io.lakestill.train.RowOrder;
import io.lakestill.train.Shard;
import io.lakestill.train.Sharding;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;

/**
 * One node's packed rows as its executor keeps them, with the orders of the passes it is in, the
 * shards, if the loss asks for any, and the training itself.
 *
 * <p>Batches are pure functions of the order and the step; the orders kept are only a saving. What
 * shards remember and what was learned is not: it lives here and nowhere else, and a copy of a
 * source starts without.
 */
final class RowSource implements Serializable {
  private static final long serialVersionUID = 1L;

  private final PackedRows training;
  private final PackedRows validation;
  private final long seed;
  private final int node;
  private transient List<RowStream> streams;
  private transient Optional<NodeTraining> learning;

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

  /** What is learned from these rows; empty in a copy, and before {@link #learns}. */
  synchronized Optional<NodeTraining> learning() {
    return learning == null ? Optional.empty() : learning;
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

  /**
   * Fills a core's batch with its rows of a step: {@code [(step - 1) * cores * rows + core * rows,
   * ...)} of the node's stream that {@link RowOrder} describes. With shards, each has a stream of
   * its own.
   *
   * @param step counts from 1
   * @param cores that train on as many rows each
   * @param sharding how rows are dealt to cores; empty when any core may train on any row
   */
  void fill(CoreBatch batch, int step, int core, int cores, Optional<Sharding> sharding) {
    List<RowStream> from = streams(sharding);
    boolean shared = from.size() == 1;
    RowStream stream = from.get(shared ? 0 : core);
    int each = batch.rows();
    int[] samples = new int[each];
    long position = (step - 1L) * each * cores / from.size() + (shared ? (long) core * each : 0);
    for (int slot = 0; slot < each; slot++, position++) {
      samples[slot] = stream.sample(position);
      batch.copy(training, stream.row(samples[slot]), stream.view(samples[slot], position), slot);
    }
    batch.from(new RowOrigin(step, node * cores + core, stream.shard(), samples));
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
