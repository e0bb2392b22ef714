package io.lakestill.bigdl;

import io.lakestill.train.PackedRows;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The training batches of one core. Where rows lie on the disk, the next batch is fetched while the
 * core computes with the one before; rows in memory are copied when they are due, which takes less
 * than to wake another thread. Belongs to one thread.
 */
final class BatchFeed implements AutoCloseable {
  /** Reads at a time: disks answer many at once faster than one after the other. */
  private static final int FETCHERS = 4;

  private final RowSource rows;
  private final NodeSetup setup;
  private final int core;
  private final int last;
  private final Optional<ExecutorService> fetchers;
  private CoreBatch current;
  private CoreBatch next;
  private int ahead;
  private List<Future<?>> fetching = List.of();

  /**
   * @param featureShape of one row
   */
  BatchFeed(List<Integer> featureShape, RowSource rows, NodeSetup setup, int core) {
    this.rows = rows;
    this.setup = setup;
    this.core = core;
    this.last = setup.rules().plan().steps() * setup.loop().accumulate();
    PackedRows training = rows.training();
    this.current = new CoreBatch(featureShape, training, setup.rowsPerCore());
    this.fetchers =
        training.diskBytes() > 0
            ? Optional.of(Executors.newFixedThreadPool(FETCHERS, BatchFeed::thread))
            : Optional.empty();
    this.next =
        fetchers.isPresent() ? new CoreBatch(featureShape, training, setup.rowsPerCore()) : current;
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "row-fetcher");
    thread.setDaemon(true);
    return thread;
  }

  /** The batch that was taken last; may be filled with other rows until the next is taken. */
  CoreBatch current() {
    return current;
  }

  /**
   * The core's rows of a step, or of a part of it.
   *
   * @param number counts from 1 over all parts of all steps
   */
  CoreBatch take(int number) {
    if (fetchers.isEmpty()) {
      rows.fill(current, rows.batch(number, core, setup));
      current.mix();
      return current;
    }
    if (ahead != number) {
      fetch(number, fetchers.get());
    }
    settle();
    CoreBatch taken = next;
    next = current;
    current = taken;
    if (number < last) {
      fetch(number + 1, fetchers.get());
    }
    current.mix();
    return current;
  }

  private void fetch(int number, ExecutorService by) {
    settle();
    BatchRows due = rows.batch(number, core, setup);
    CoreBatch into = next;
    into.from(due.origin());
    List<Future<?>> parts = new ArrayList<>();
    int each = (into.rows() + FETCHERS - 1) / FETCHERS;
    for (int from = 0; from < into.rows(); from += each) {
      int first = from;
      int end = Math.min(from + each, into.rows());
      parts.add(by.submit(() -> rows.copy(into, due, first, end)));
    }
    ahead = number;
    fetching = parts;
  }

  /** Waits until nothing is being fetched. */
  private void settle() {
    List<Future<?>> parts = fetching;
    fetching = List.of();
    CoreThreads.awaitAll(parts);
  }

  @Override
  public void close() {
    // No interrupts: they would close the file for all.
    fetchers.ifPresent(ExecutorService::shutdown);
  }
}
