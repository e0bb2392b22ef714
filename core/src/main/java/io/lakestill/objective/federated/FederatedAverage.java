package io.lakestill.objective.federated;

import io.lakestill.objective.Rule;
import java.util.List;

/**
 * Federated averaging: the mean of several models' parameters, weighted by their rows.
 *
 * <p>{@code value = sum_m w_m theta_m / sum_m w_m}.
 *
 * <p>Source: McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized
 * Data", 2017.
 */
public final class FederatedAverage {
  private FederatedAverage() {}

  /**
   * @param parameters {@code [models][width]}
   * @param weights one per model, not negative, with a sum above 0
   */
  public static double[] of(List<double[]> parameters, double[] weights) {
    if (parameters.size() != weights.length) {
      throw new IllegalArgumentException(
          "there are %d models and %d weights".formatted(parameters.size(), weights.length));
    }
    double sum = 0;
    for (double weight : weights) {
      sum += Rule.notNegative("a model's weight", weight);
    }
    Rule.positive("the sum of the models' weights", sum);
    double[] average = new double[parameters.get(0).length];
    for (int m = 0; m < weights.length; m++) {
      double[] theta = parameters.get(m);
      if (theta.length != average.length) {
        throw new IllegalArgumentException(
            "model %d has %d parameters, the first has %d"
                .formatted(m, theta.length, average.length));
      }
      for (int i = 0; i < average.length; i++) {
        average[i] += weights[m] / sum * theta[i];
      }
    }
    return average;
  }
}
