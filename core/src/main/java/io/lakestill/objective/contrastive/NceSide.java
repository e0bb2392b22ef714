package io.lakestill.objective.contrastive;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.Tensor;

/**
 * One side of a contrast by noise: embeddings of one network against a bank of the other.
 *
 * <p>{@code o_ik = exp(v_i . bank[idx_ik] / T) / Z}; with {@code c = K/n} and {@code eps = 1e-7},
 * {@code loss = -(1/B) sum_i [ (1/P) sum_p log(o_ip / (o_ip + c + eps)) + sum_k log(c / (o_ik + c +
 * eps)) ]} over P positives and K negatives.
 *
 * <p>{@code Z = n mean(exp(...))} over the first batch, taken when the state holds a negative
 * number, then kept and constant.
 */
final class NceSide implements java.io.Serializable {
  private static final long serialVersionUID = 1L;
  private static final double EPS = 1e-7;

  private final String normaliser;
  private transient double[] scores;
  private transient double[] slope;

  /**
   * @param normaliser such as {@code state.z_student}
   */
  NceSide(String normaliser) {
    this.normaliser = normaliser;
  }

  /** Where the products of a call go: P positives, then K negatives, for each of the rows. */
  double[] products(int count) {
    scores = Scratch.atLeast(scores, count);
    return scores;
  }

  /** Replaces the products of {@code v} with the chosen rows of the bank. */
  void multiply(double[] v, int rows, Tensor bank, int[] positives, int p, int[] negatives, int k) {
    int width = bank.width();
    products(rows * (p + k));
    for (int i = 0; i < rows * (p + k); i++) {
      int row = i / (p + k);
      int at = chosen(i, positives, p, negatives, k) * width;
      scores[i] = product(v, row * width, bank.data(), at, width);
    }
  }

  private static double product(double[] v, int from, float[] bank, int at, int width) {
    double even = 0;
    double odd = 0;
    int d = 0;
    for (; d + 1 < width; d += 2) {
      even += v[from + d] * bank[at + d];
      odd += v[from + d + 1] * bank[at + d + 1];
    }
    return even + odd + (d < width ? v[from + d] * bank[at + d] : 0);
  }

  /**
   * The loss of the products; returns it and leaves its derivative by each product in {@link
   * #slope()}.
   */
  double loss(Batch batch, int rows, int p, int k, int bankRows, double temperature) {
    int width = p + k;
    slope = Scratch.atLeast(slope, rows * width);
    Tensor z = batch.state().tensor(normaliser);
    if (z.data()[0] < 0) {
      double sum = 0;
      for (int i = 0; i < rows * width; i++) {
        sum += Math.exp(scores[i] / temperature);
      }
      z.data()[0] = (float) (sum / (rows * width) * bankRows);
    }
    double logZ = Math.log(z.data()[0]);
    double c = (double) k / bankRows;
    double loss = 0;
    for (int i = 0; i < rows * width; i++) {
      double logScore = scores[i] / temperature - logZ;
      double score = Math.exp(logScore);
      double all = score + c + EPS;
      if (i % width < p) {
        loss -= (logScore - Math.log(all)) / rows / p;
        slope[i] = -(1 - score / all) / rows / p / temperature;
      } else {
        loss -= Math.log(c / all) / rows;
        slope[i] = score / all / rows / temperature;
      }
    }
    return loss;
  }

  double[] slope() {
    return slope;
  }

  /** Adds the derivative by {@code v}, through products made by {@link #multiply}. */
  void backward(
      double[] byV, int rows, Tensor bank, int[] positives, int p, int[] negatives, int k) {
    int width = bank.width();
    for (int i = 0; i < rows * (p + k); i++) {
      int row = i / (p + k);
      int at = chosen(i, positives, p, negatives, k) * width;
      for (int d = 0; d < width; d++) {
        byV[row * width + d] += slope[i] * bank.data()[at + d];
      }
    }
  }

  private static int chosen(int i, int[] positives, int p, int[] negatives, int k) {
    int row = i / (p + k);
    int slot = i % (p + k);
    return slot < p ? positives[row * p + slot] : negatives[row * k + slot - p];
  }
}
