package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.optim.ValidationResult;
import scala.Tuple2;

/** A weighted mean that can be merged; 0 over nothing, as the loss of no row is. */
final class MeanResult implements ValidationResult {
  private static final long serialVersionUID = 1L;

  private final double sum;
  private final double weight;

  /**
   * @param sum of the values, each times its weight
   * @param weight their weights' sum: a number of rows where all count alike
   */
  MeanResult(double sum, double weight) {
    this.sum = sum;
    this.weight = weight;
  }

  private double mean() {
    return weight == 0 ? sum : sum / weight;
  }

  @Override
  public Tuple2<Object, Object> result() {
    return new Tuple2<>((float) mean(), (int) Math.min(weight, Integer.MAX_VALUE));
  }

  @Override
  public ValidationResult $plus(ValidationResult other) {
    MeanResult mean = (MeanResult) other;
    return new MeanResult(sum + mean.sum, weight + mean.weight);
  }

  @Override
  public String format() {
    return "mean " + mean() + " over " + weight;
  }

  @Override
  public String toString() {
    return format();
  }
}
