package io.lakestill.bigdl;

import java.io.Serializable;
import java.util.Arrays;

/**
 * The sums of each term's loss over the rows trained on since they were last taken. BigDL brings
 * back one number per step, the total; the rest is summed where it arises, on the executor, and
 * fetched with the next validation. The criterion and the validation methods of an executor share
 * one, because both come out of the same broadcast. Safe for many threads.
 */
final class TermLosses implements Serializable {
  private static final long serialVersionUID = 1L;

  private final double[] sums;
  private final long[] rows;

  TermLosses(int terms) {
    this.sums = new double[terms];
    this.rows = new long[terms];
  }

  /** Adds one term's mean loss over some rows. */
  synchronized void add(int term, double meanLoss, int rowsSeen) {
    sums[term] += meanLoss * rowsSeen;
    rows[term] += rowsSeen;
  }

  /** What has been added since the last call, which is forgotten now. */
  synchronized MeanResult take(int term) {
    MeanResult result = new MeanResult(sums[term], rows[term]);
    sums[term] = 0;
    rows[term] = 0;
    return result;
  }

  @Override
  public synchronized String toString() {
    return "TermLosses" + Arrays.toString(sums);
  }
}
