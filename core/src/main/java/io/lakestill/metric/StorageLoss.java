package io.lakestill.metric;

import java.util.Arrays;

/**
 * What is lost of a teacher's distribution by the way its logits are stored, over rows.
 *
 * <p>With {@code p = softmax(z/T)} of the teacher's logits and {@code q = softmax(z'/T)} of the
 * logits a reader gets, of each row:
 *
 * <ul>
 *   <li>{@code KL(p || q) = sum_c p_c (log p_c - log q_c)}, in nats. Of logits of which only the k
 *       largest are kept with the log-sum-exp, {@code q} is exact for those and spreads the mass of
 *       the others evenly, so that it is {@code sum over the others of p_c log(p_c (C - k) / m)},
 *       {@code m} their mass.
 *   <li>the retained mass: the sum of {@code p} over the classes that are kept.
 *   <li>top-1 agreement: whether the largest logit is that of the same class, the lowest of equals.
 * </ul>
 *
 * <p>Logits of any finite size are handled; a KL that rounding makes negative counts as zero.
 */
public final class StorageLoss {
  private final int classes;
  private final double temperature;
  private final double[] exact;
  private final double[] stored;
  private double[] masses = new double[1024];
  private int rows;
  private double divergence;
  private double largest;
  private long agreed;

  /**
   * @param classes the width of a row
   * @param temperature positive
   */
  public StorageLoss(int classes, double temperature) {
    if (classes < 1 || !(temperature > 0)) {
      throw new IllegalArgumentException(
          "%d classes at temperature %s".formatted(classes, temperature));
    }
    this.classes = classes;
    this.temperature = temperature;
    this.exact = new double[classes];
    this.stored = new double[classes];
  }

  /**
   * Counts one row.
   *
   * @param logits the teacher's; the row starts at {@code offset}
   * @param decoded what a reader gets of it, from 0 on
   * @param retained the mass of the classes whose logits were kept, from 0 to 1
   */
  public void add(float[] logits, int offset, float[] decoded, double retained) {
    LogSoftmax.of(logits, offset, classes, temperature, exact);
    LogSoftmax.of(decoded, 0, classes, temperature, stored);
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      double p = Math.exp(exact[c]);
      sum += p > 0 ? p * (exact[c] - stored[c]) : 0;
    }
    sum = Math.max(0, sum);
    divergence += sum;
    largest = Math.max(largest, sum);
    agreed += argmax(logits, offset) == argmax(decoded, 0) ? 1 : 0;
    if (rows == masses.length) {
      masses = Arrays.copyOf(masses, 2 * rows);
    }
    masses[rows++] = retained;
  }

  private int argmax(float[] values, int offset) {
    int best = 0;
    for (int c = 1; c < classes; c++) {
      best = values[offset + c] > values[offset + best] ? c : best;
    }
    return best;
  }

  public double temperature() {
    return temperature;
  }

  /** The mean over rows, in nats. */
  public double divergence() {
    return divergence / counted();
  }

  /** Of the worst row, in nats. */
  public double largestDivergence() {
    return largest;
  }

  /** The part of the rows whose likeliest class stays the same. */
  public double agreement() {
    return (double) agreed / counted();
  }

  /** The mean over rows. */
  public double retainedMass() {
    return Arrays.stream(masses, 0, rows).sum() / counted();
  }

  /**
   * A quantile of the retained mass: the smallest value that at least this part of the rows does
   * not exceed.
   *
   * @param part such as 0.01, for the first percentile
   */
  public double retainedMass(double part) {
    double[] sorted = Arrays.copyOf(masses, counted());
    Arrays.sort(sorted);
    return sorted[Math.max(0, (int) Math.ceil(part * rows) - 1)];
  }

  private int counted() {
    if (rows == 0) {
      throw new IllegalStateException("no row was counted");
    }
    return rows;
  }
}
