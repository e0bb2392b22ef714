package io.lakestill.bigdl;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;

/** A thread per core of a node; the calling thread is the first core's. */
final class CoreThreads implements AutoCloseable {
  private final int cores;
  private final ExecutorService others;

  CoreThreads(int cores) {
    this.cores = cores;
    this.others =
        Executors.newFixedThreadPool(
            Math.max(1, cores - 1),
            work -> {
              Thread thread = new Thread(work, "training-core");
              thread.setDaemon(true);
              return thread;
            });
  }

  int cores() {
    return cores;
  }

  /** Keeps native code from starting threads of its own on all cores. */
  void useOneNativeThreadEach() {
    each(core -> Blas.singleThreaded());
  }

  /**
   * Does some work once per core, at the same time, and returns when all are done.
   *
   * @throws RuntimeException what the first core that failed threw
   */
  void each(IntConsumer work) {
    List<Future<?>> running = new ArrayList<>(cores);
    for (int core = 1; core < cores; core++) {
      int number = core;
      running.add(others.submit(() -> work.accept(number)));
    }
    RuntimeException failure = null;
    try {
      work.accept(0);
    } catch (RuntimeException e) {
      failure = e;
    }
    throwFirst(failure, running);
  }

  /**
   * Waits for some work of any threads.
   *
   * @throws RuntimeException what the first that failed threw
   */
  static void awaitAll(List<Future<?>> running) {
    throwFirst(null, running);
  }

  private static void throwFirst(RuntimeException before, List<Future<?>> running) {
    RuntimeException failure = before;
    for (Future<?> one : running) {
      RuntimeException other = failureOf(one);
      failure = failure == null ? other : failure;
    }
    if (failure != null) {
      throw failure;
    }
  }

  private static RuntimeException failureOf(Future<?> work) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          work.get();
          return null;
        } catch (InterruptedException e) {
          // The arrays it writes are still in use: wait for it all the same.
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      return (RuntimeException) e.getCause();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {
    others.shutdown();
  }
}
