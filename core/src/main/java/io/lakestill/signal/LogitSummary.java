package io.lakestill.signal;

/**
 * What a person wants to know about one row of logits.
 *
 * <p>With {@code p = softmax(logits)} at temperature 1: {@code entropy = -Σ p log p} and {@code
 * margin = p(1) - p(2)}, the highest minus the second highest probability. Computed in double after
 * subtracting the highest logit, so large logits do not overflow; {@code entropy = log Σ e^z - Σ p
 * z} with {@code z = logit - highest}, which needs no logarithm of a small number.
 *
 * @param argmax the class with the highest logit, the lowest index among equals
 * @param entropy in nats
 * @param margin between 0 and 1; 1 for a single class
 */
public record LogitSummary(int argmax, float entropy, float margin) {

  /**
   * @param logits holds the row at {@code [offset, offset + classes)}; all finite
   * @param offset where the row starts
   * @param classes the width of the row, at least 1
   */
  public static LogitSummary of(float[] logits, int offset, int classes) {
    int argmax = 0;
    for (int c = 1; c < classes; c++) {
      if (logits[offset + c] > logits[offset + argmax]) {
        argmax = c;
      }
    }
    double highest = logits[offset + argmax];
    double sum = 0;
    double weighted = 0;
    double second = 0;
    for (int c = 0; c < classes; c++) {
      double z = logits[offset + c] - highest;
      double exponential = Math.exp(z);
      sum += exponential;
      weighted += exponential * z;
      if (c != argmax) {
        second = Math.max(second, exponential);
      }
    }
    double entropy = Math.log(sum) - weighted / sum;
    return new LogitSummary(argmax, (float) entropy, (float) ((1 - second) / sum));
  }
}
