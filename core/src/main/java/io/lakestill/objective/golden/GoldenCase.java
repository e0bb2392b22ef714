package io.lakestill.objective.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.objective.Batch;

/**
 * One reference case: options, inputs, and what must come out.
 *
 * @param objective the registered name
 * @param name tells the cases of an objective apart
 * @param params the options, as scalars
 * @param batch the inputs
 * @param expected {@code loss} or {@code value}, {@code terms}, {@code grad}, {@code state_after}
 */
public record GoldenCase(
    String objective, String name, ObjectNode params, Batch batch, JsonNode expected) {
  @Override
  public String toString() {
    return objective + " " + name;
  }
}
