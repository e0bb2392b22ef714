package io.lakestill.metric;

import io.lakestill.error.Errors;
import java.util.Arrays;

/**
 * The area under the receiver operating characteristic: how likely a positive row scores above a
 * negative one.
 *
 * <p>{@code P(s+ > s-) + P(s+ = s-)/2} over all pairs, by ranks: {@code n log n}.
 *
 * <p>Source: Mann, Whitney, 1947; equal to scikit-learn's {@code roc_auc_score}.
 */
public final class Auroc {
  private Auroc() {}

  /**
   * @param scores one per row, each finite
   * @param labels 1 for a positive row, else 0
   * @throws io.lakestill.error.LakestillException (exit 3) when a class is absent
   */
  public static double of(double[] scores, int[] labels) {
    Integer[] order = new Integer[scores.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, (a, b) -> Double.compare(scores[a], scores[b]));
    double rankSum = 0;
    long positives = 0;
    for (int from = 0; from < order.length; ) {
      int end = from + 1;
      while (end < order.length && scores[order[end]] == scores[order[from]]) {
        end++;
      }
      // Equal scores share the mean of their ranks, which start at 1.
      double rank = (from + 1 + end) / 2.0;
      for (int i = from; i < end; i++) {
        positives += labels[order[i]];
        rankSum += labels[order[i]] * rank;
      }
      from = end;
    }
    long negatives = scores.length - positives;
    if (positives == 0 || negatives == 0) {
      throw Errors.badInput(
          "The area under the curve needs both classes; there are %d positive and %d negative rows."
              .formatted(positives, negatives));
    }
    return (rankSum - positives * (positives + 1) / 2.0) / positives / negatives;
  }
}
