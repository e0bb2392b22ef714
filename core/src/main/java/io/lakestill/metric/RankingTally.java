package io.lakestill.metric;

import java.util.Arrays;

/**
 * How well ranked lists hold what is relevant, over users. Tallies of parts merge.
 *
 * <ul>
 *   <li>recall: {@code #(relevant in the first k) / max(#relevant, 1)}
 *   <li>gain (NDCG): {@code sum over relevant ranks r <= k of 1/log2(r + 1)}, divided by the same
 *       sum of the best list of {@code min(max(#relevant, 1), k)} items
 * </ul>
 *
 * <p>A user without relevant items counts 0. On equal scores the lower index ranks first.
 *
 * <p>Source: Jarvelin, Kekalainen, 2002, with binary gains; woriazzc/KDs {@code utils/metric.py}.
 */
public final class RankingTally implements java.io.Serializable {
  private static final long serialVersionUID = 1L;

  private final int k;
  private long users;
  private double recall;
  private double gain;

  /**
   * @param k the length of the list that counts, at least 1
   */
  public RankingTally(int k) {
    if (k < 1) {
      throw new IllegalArgumentException("k must be at least 1, is " + k);
    }
    this.k = k;
  }

  /** Counts one user's scores and relevant items, one entry per item. */
  public void add(double[] scores, boolean[] relevant) {
    Integer[] order = new Integer[scores.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, (a, b) -> Double.compare(scores[b], scores[a]));
    int wanted = 0;
    for (boolean wants : relevant) {
      wanted += wants ? 1 : 0;
    }
    int found = 0;
    double discounted = 0;
    for (int rank = 1; rank <= Math.min(k, order.length); rank++) {
      if (relevant[order[rank - 1]]) {
        found++;
        discounted += discount(rank);
      }
    }
    double best = 0;
    for (int rank = 1; rank <= Math.min(Math.max(wanted, 1), k); rank++) {
      best += discount(rank);
    }
    users++;
    recall += (double) found / Math.max(wanted, 1);
    gain += discounted / best;
  }

  public void merge(RankingTally other) {
    if (k != other.k) {
      throw new IllegalArgumentException(
          "cannot merge a tally at %d into one at %d".formatted(other.k, k));
    }
    users += other.users;
    recall += other.recall;
    gain += other.gain;
  }

  public long users() {
    return users;
  }

  public double recall() {
    return recall / counted();
  }

  public double normalisedGain() {
    return gain / counted();
  }

  private long counted() {
    if (users == 0) {
      throw new IllegalStateException("no user was counted");
    }
    return users;
  }

  private static double discount(int rank) {
    return Math.log(2) / Math.log(rank + 1.0);
  }
}
