package io.lakestill.jobs;

import io.lakestill.teacher.OnnxModel;
import io.lakestill.teacher.OnnxRunner;
import java.util.Arrays;

/** How fast a model scores rows on one core of this machine. */
final class Throughput {
  private static final int REPEATS = 5;
  private static final double SECONDS = 0.1;

  private Throughput() {}

  /**
   * The median over five timings of at least a tenth of a second each, after a warm-up pass.
   *
   * @param examples rows as the model wants them, given in one call
   * @return rows per second
   */
  static double rowsPerSecond(Contestant contestant, RealRows examples) {
    int rows = examples.count();
    try (OnnxModel model = contestant.open();
        OnnxRunner runner = contestant.runner(model, rows)) {
      float[][] outputs = runner.outputArrays();
      runner.run(examples.features(), rows, outputs);
      double[] rates = new double[REPEATS];
      for (int repeat = 0; repeat < REPEATS; repeat++) {
        long start = System.nanoTime();
        long scored = 0;
        double elapsed;
        do {
          runner.run(examples.features(), rows, outputs);
          scored += rows;
          elapsed = (System.nanoTime() - start) / 1e9;
        } while (elapsed < SECONDS);
        rates[repeat] = scored / elapsed;
      }
      Arrays.sort(rates);
      return rates[REPEATS / 2];
    }
  }
}
