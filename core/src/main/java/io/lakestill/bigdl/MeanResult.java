package io.lakestill.bigdl;

/**
 * A weighted mean that can be merged; 0 over nothing, as the loss of no row is.
 *
 * @param sum of the values, each times its weight
 * @param weight their weights' sum: a number of rows where all count alike
 */
record MeanResult(double sum, double weight) {
  double mean() {
    return weight == 0 ? sum : sum / weight;
  }

  MeanResult plus(MeanResult other) {
    return new MeanResult(sum + other.sum, weight + other.weight);
  }
}
