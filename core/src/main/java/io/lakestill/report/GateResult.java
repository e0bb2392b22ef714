package io.lakestill.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;

/**
 * What a gate said.
 *
 * @param condition as the recipe has it
 * @param left the value of its left side
 * @param right the value of its right side
 * @param passed whether the condition holds
 */
public record GateResult(String condition, double left, double right, boolean passed) {

  /** The condition with the values of its sides. */
  @Override
  public String toString() {
    return "%s (left %s, right %s)".formatted(condition, left, right);
  }

  ObjectNode toJson() {
    return Json.object()
        .put("condition", condition)
        .put("left", left)
        .put("right", right)
        .put("passed", passed);
  }

  static GateResult fromJson(JsonFields fields) {
    return new GateResult(
        fields.text("condition"),
        fields.number("left"),
        fields.number("right"),
        fields.flag("passed"));
  }
}
