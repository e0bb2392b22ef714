package io.lakestill.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import java.util.List;
import java.util.Optional;

/**
 * Mean and spread of a measure over the seeds.
 *
 * @param mean arithmetic mean
 * @param standardDeviation of the sample, {@code sqrt(sum (x - mean)^2 / (n - 1))}; empty when n =
 *     1
 */
public record Spread(double mean, Optional<Double> standardDeviation) {

  /**
   * @param values at least one
   */
  public static Spread of(List<Double> values) {
    double mean = values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    if (values.size() == 1) {
      return new Spread(mean, Optional.empty());
    }
    double squares = 0;
    for (double value : values) {
      squares += (value - mean) * (value - mean);
    }
    return new Spread(mean, Optional.of(Math.sqrt(squares / (values.size() - 1))));
  }

  ObjectNode toJson() {
    ObjectNode json = Json.object().put("mean", mean);
    standardDeviation.ifPresent(value -> json.put("standard_deviation", value));
    return json;
  }
}
