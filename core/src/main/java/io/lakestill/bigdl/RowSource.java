package io.lakestill.bigdl;

import io.lakestill.train.PackedRows;
import io.lakestill.train.RowOrder;
import io.lakestill.train.Shard;
import io.lakestill.train.Sharding;
import io.lakestill.train.TermReport;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.spark.util.CollectionAccumulator;

/**
 * One partition's packed rows as an executor keeps them, with the orders of the passes it is in and
 * the shards, if the loss asks for any.
 *
 * <p>Batches are pure functions of the order and the step; the orders kept are only a saving. What
 * shards remember is not: it lives here and nowhere else, and a copy of a source starts without.
 */
final class RowSource implements Serializable {
  private static final long serialVersionUID = 1L;

  private final PackedRows rows;
  private final long seed;
  private final int partition;
  private transient List<RowStream> streams;

  RowSource(PackedRows rows, long seed, int partition) {
    this.rows = rows;
    this.seed = seed;
    this.partition = partition;
  }

  int rows() {
    return rows.rows();
  }

  /**
   * The rows of a step: {@code [(step - 1) * size, step * size)} of the stream that {@link
   * RowOrder} describes. With shards, each has a stream of its own and its part of the batch.
   *
   * @param cores that train on parts of the batch, of equal size, in order
   * @param step counts from 1
   * @param sharding how rows are dealt to cores; empty when any core may train on any row
   * @param reports where the terms' losses and gradients go; empty when nobody asks
   */
  PackedBatch training(
      int[] featureShape,
      int size,
      int cores,
      int step,
      Optional<Sharding> sharding,
      Optional<CollectionAccumulator<List<TermReport>>> reports) {
    float[] features = new float[Math.multiplyExact(size, rows.featureWidth())];
    float[] targets = new float[Math.multiplyExact(size, rows.targetWidth())];
    List<RowOrigin> origins = new ArrayList<>();
    List<RowStream> from = streams(sharding);
    int each = size / cores;
    int slot = 0;
    for (int core = 0; core < cores; core++) {
      boolean shared = from.size() == 1;
      RowStream stream = from.get(shared ? 0 : core);
      int[] samples = new int[each];
      long position = (step - 1L) * size / from.size() + (shared ? slot : 0);
      for (int i = 0; i < each; i++, slot++, position++) {
        samples[i] = stream.sample(position);
        rows.copy(
            stream.row(samples[i]), stream.view(samples[i], position), features, targets, slot);
      }
      int worker = partition * cores + core;
      origins.add(new RowOrigin(step, worker, stream.shard(), samples, reports));
    }
    return batch(features, targets, featureShape, size, origins);
  }

  /** The shards, dealt when first asked for. */
  List<Shard> shards(Sharding sharding) {
    return streams(Optional.of(sharding)).stream().map(s -> s.shard().orElseThrow()).toList();
  }

  private synchronized List<RowStream> streams(Optional<Sharding> sharding) {
    if (streams == null) {
      streams =
          sharding.isPresent()
              ? sharding.get().deal(rows, partition).stream().map(this::stream).toList()
              : List.of(stream());
    }
    return streams;
  }

  private RowStream stream() {
    return new RowStream(
        new RowOrder(seed, partition, rows.rows(), rows.views()), Optional.empty());
  }

  private RowStream stream(Shard shard) {
    return new RowStream(
        new RowOrder(seed, shard.worker(), shard.samples(), rows.views()), Optional.of(shard));
  }

  /** Every row once, in its first view, in order; the last batch may be smaller. */
  Iterator<PackedBatch> validation(int[] featureShape, int size) {
    return new Iterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < rows.rows();
      }

      @Override
      public PackedBatch next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        int count = Math.min(size, rows.rows() - next);
        float[] features = new float[Math.multiplyExact(count, rows.featureWidth())];
        float[] targets = new float[Math.multiplyExact(count, rows.targetWidth())];
        for (int slot = 0; slot < count; slot++) {
          rows.copy(next++, 0, features, targets, slot);
        }
        return batch(features, targets, featureShape, count, List.of(RowOrigin.VALIDATION));
      }
    };
  }

  private PackedBatch batch(
      float[] features, float[] targets, int[] featureShape, int size, List<RowOrigin> origins) {
    int[] shape = new int[featureShape.length + 1];
    shape[0] = size;
    System.arraycopy(featureShape, 0, shape, 1, featureShape.length);
    return new PackedBatch(
        Floats.tensor(features, shape), Floats.tensor(targets, size, rows.targetWidth()), origins);
  }
}
