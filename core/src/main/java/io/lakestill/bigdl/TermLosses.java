package io.lakestill.bigdl;

import java.io.Serializable;
import java.util.Arrays;

/**
 * The sums of each term's loss over the rows that a core trained on since they were last taken.
 * Safe for many threads.
 */
final class TermLosses implements Serializable {
  private static final long serialVersionUID = 1L;

  private final double[] sums;
  private final double[] weights;

  TermLosses(int terms) {
    this.sums = new double[terms];
    this.weights = new double[terms];
  }

  /** Adds one term's mean loss over so many rows, or so much of their weight. */
  synchronized void add(int term, double meanLoss, double counted) {
    sums[term] += meanLoss * counted;
    weights[term] += counted;
  }

  /** What has been added since the last call, which is forgotten now. */
  synchronized MeanResult take(int term) {
    MeanResult result = new MeanResult(sums[term], weights[term]);
    sums[term] = 0;
    weights[term] = 0;
    return result;
  }

  @Override
  public synchronized String toString() {
    return "TermLosses" + Arrays.toString(sums);
  }
}
