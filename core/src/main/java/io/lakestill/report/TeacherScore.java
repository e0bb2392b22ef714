package io.lakestill.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;

/**
 * How good one of several teachers is by itself.
 *
 * @param id in the recipe
 * @param accuracy on the test rows
 * @param crossEntropy in nats
 * @param parameters that were trained
 */
public record TeacherScore(String id, double accuracy, double crossEntropy, long parameters) {

  /** What is said of a teacher beside others. */
  public static TeacherScore of(String id, ModelScore score) {
    return new TeacherScore(id, score.accuracy(), score.crossEntropy(), score.parameters());
  }

  ObjectNode toJson() {
    return Json.object()
        .put("id", id)
        .put("accuracy", accuracy)
        .put("cross_entropy", crossEntropy)
        .put("parameters", parameters);
  }

  static TeacherScore fromJson(JsonFields fields) {
    return new TeacherScore(
        fields.text("id"),
        fields.number("accuracy"),
        fields.number("cross_entropy"),
        fields.whole("parameters"));
  }
}
