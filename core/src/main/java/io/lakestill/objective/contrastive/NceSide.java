package io.lakestill.objective.contrastive;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.numeric.ChosenRows;
import io.lakestill.objective.numeric.LogProduct;
import io.lakestill.objective.numeric.TableSegments;
import java.util.Arrays;

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

  /** Keeps logarithms from zero, as in the reference. */
  static final double EPS = 1e-7;

  private final String normaliser;
  private final ChosenRows chosen = new ChosenRows();
  private final double[] products = new double[ChosenRows.BLOCK];
  private final double[] slopes = new double[ChosenRows.BLOCK];
  private final TableSegments order = new TableSegments();
  private final LogProduct negativeLoss = new LogProduct();

  /**
   * @param normaliser such as {@code state.z_student}
   */
  NceSide(String normaliser) {
    this.normaliser = normaliser;
  }

  /**
   * The loss of rows {@code v} against the bank, which also sets {@code byV}, the derivative by
   * them.
   *
   * @param positives {@code [rows, p]}: rows of the bank
   * @param negatives {@code [rows, k]}: rows of the bank
   */
  double loss(
      Batch batch,
      double[] v,
      Tensor bank,
      int[] positives,
      int p,
      int[] negatives,
      int k,
      double temperature,
      double[] byV) {
    normalise(batch, v, bank, positives, p, negatives, k, temperature);
    int rows = batch.rows();
    int width = bank.width();
    double logZ = Math.log(normaliser(batch));
    double c = (double) k / bank.rows();
    double positiveLoss = 0;
    negativeLoss.reset();
    Arrays.fill(byV, 0, rows * width, 0.0);
    for (int row = 0; row < rows; row++) {
      chosen.start(v, row * width, width);
      for (int from = 0; from < p; from += ChosenRows.BLOCK) {
        int count = multiply(bank, positives, row * p + from, p - from);
        for (int i = 0; i < count; i++) {
          double logScore = products[i] / temperature - logZ;
          double all = Math.exp(logScore) + c + EPS;
          positiveLoss -= logScore - Math.log(all);
          slopes[i] = -(c + EPS) / all / rows / p / temperature;
        }
        chosen.add(slopes);
      }
      chosen.finish(byV, row * width);
    }
    order.sort(negatives, rows, k, bank.rows(), width);
    for (int segment = 0; segment < order.segments(); segment++) {
      for (int row = 0; row < rows; row++) {
        chosen.start(v, row * width, width);
        int end = order.start(row, segment + 1);
        for (int from = order.start(row, segment); from < end; from += ChosenRows.BLOCK) {
          int count = multiply(bank, order.chosen(), from, end - from);
          for (int i = 0; i < count; i++) {
            double score = Math.exp(products[i] / temperature - logZ);
            double all = score + c + EPS;
            negativeLoss.multiply(all / c);
            slopes[i] = score / all / rows / temperature;
          }
          chosen.add(slopes);
        }
        chosen.finish(byV, row * width);
      }
    }
    return positiveLoss / rows / p + negativeLoss.log() / rows;
  }

  /** Sets Z from the rows' scores when it is not set yet. */
  void normalise(
      Batch batch,
      double[] v,
      Tensor bank,
      int[] positives,
      int p,
      int[] negatives,
      int k,
      double temperature) {
    if (normaliser(batch) >= 0) {
      return;
    }
    double sum = 0;
    for (int row = 0; row < batch.rows(); row++) {
      chosen.start(v, row * bank.width(), bank.width());
      for (int from = 0; from < p; from += ChosenRows.BLOCK) {
        sum += exponentials(multiply(bank, positives, row * p + from, p - from), temperature);
      }
      for (int from = 0; from < k; from += ChosenRows.BLOCK) {
        sum += exponentials(multiply(bank, negatives, row * k + from, k - from), temperature);
      }
    }
    normalise(batch, sum / batch.rows() / (p + k), bank);
  }

  /** Sets Z from the mean of the exponentials. */
  void normalise(Batch batch, double mean, Tensor bank) {
    batch.state().tensor(normaliser).data()[0] = (float) (mean * bank.rows());
  }

  /** Z, negative until set. */
  double normaliser(Batch batch) {
    return batch.state().tensor(normaliser).data()[0];
  }

  private double exponentials(int count, double temperature) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += Math.exp(products[i] / temperature);
    }
    return sum;
  }

  /** Multiplies the next rows of the bank; returns how many, the slopes of the others being 0. */
  private int multiply(Tensor bank, int[] indices, int from, int left) {
    int count = Math.min(ChosenRows.BLOCK, left);
    chosen.fetch(bank.data(), indices, from, count);
    chosen.products(products);
    Arrays.fill(slopes, 0.0);
    return count;
  }
}
