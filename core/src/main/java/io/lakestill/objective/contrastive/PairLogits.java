package io.lakestill.objective.contrastive;

import io.lakestill.metric.LogSoftmax;
import io.lakestill.objective.Scratch;
import io.lakestill.objective.numeric.MatrixProduct;
import java.util.Arrays;

/**
 * Scaled inner products of two sets of rows and what losses of them do to rows and scale.
 *
 * <p>{@code A = scale X Y^T}, {@code [batch, batch]}; gradients are added to the arrays a side
 * names.
 */
final class PairLogits implements java.io.Serializable {
  private static final long serialVersionUID = 1L;

  /**
   * Rows and where their derivative is summed.
   *
   * @param slope empty for rows that are constant
   */
  @SuppressWarnings("ArrayRecordComponent") // Views of scratch, never compared.
  record Side(double[] rows, double[] slope) {
    boolean learns() {
      return slope.length > 0;
    }
  }

  private int batch;
  private int width;
  private final MatrixProduct matrices = new MatrixProduct();
  private transient double[] products;
  private transient double[] log;
  private transient double[] target;
  private transient double[] line;

  void shape(int batch, int width) {
    this.batch = batch;
    this.width = width;
    products = Scratch.atLeast(products, batch * batch);
    log = Scratch.atLeast(log, batch * batch);
    target = Scratch.atLeast(target, batch * batch);
    line = Scratch.atLeast(line, batch);
  }

  /** Sets the target distributions to the rows' softmax of {@code scale X Y^T}. */
  PairLogits towards(double scale, Side x, Side y) {
    distributions(scale, x, y, target);
    return this;
  }

  /** Sets the target to the diagonal. */
  PairLogits towardsDiagonal() {
    Arrays.fill(target, 0, batch * batch, Double.NEGATIVE_INFINITY);
    for (int i = 0; i < batch; i++) {
      target[i * batch + i] = 0;
    }
    return this;
  }

  /**
   * {@code weight} times the mean over rows of {@code KL(target || softmax(scale X Y^T))}, the
   * target constant; adds its derivatives to the sides and by the scale to {@code byScale[0]}.
   */
  double divergence(double weight, double scale, Side x, Side y, double[] byScale) {
    distributions(scale, x, y, log);
    double loss = 0;
    for (int i = 0; i < batch; i++) {
      for (int j = 0; j < batch; j++) {
        int at = i * batch + j;
        double p = Math.exp(target[at]);
        loss += p == 0 ? 0 : weight * p * (target[at] - log[at]) / batch;
        double by = weight * (Math.exp(log[at]) - p) / batch;
        byScale[0] += by * products[at];
        products[at] = scale * by;
      }
    }
    if (x.learns()) {
      matrices.addMultiply(products, y.rows, batch, batch, width, x.slope);
    }
    if (y.learns()) {
      matrices.addTransposedMultiply(products, x.rows, batch, batch, width, y.slope);
    }
    return loss;
  }

  private void distributions(double scale, Side x, Side y, double[] out) {
    matrices.multiplyTransposed(x.rows, y.rows, batch, width, batch, products);
    for (int i = 0; i < batch; i++) {
      for (int j = 0; j < batch; j++) {
        line[j] = scale * products[i * batch + j];
      }
      LogSoftmax.normalise(line, batch);
      System.arraycopy(line, 0, out, i * batch, batch);
    }
  }
}
