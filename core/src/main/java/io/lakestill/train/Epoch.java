package io.lakestill.train;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.recipe.BestBy;
import java.io.Serializable;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What one epoch of a training gave.
 *
 * @param number counts from 1
 * @param trainingLoss weighted sum of the terms, averaged over the epoch's rows while they were
 *     trained on
 * @param trainingTerms the unweighted mean of each term over the same rows, by the term's name
 * @param validationAccuracy part of the validation rows whose largest logit is the label's
 * @param validationLoss weighted sum of the terms over the validation rows, with the weights and
 *     temperatures at the end of all schedules, so that epochs compare; 0 when no term is left
 * @param validationTerms the unweighted mean of each term over the validation rows; without the
 *     terms that remember training rows or draw from them
 * @param seconds wall-clock time of the epoch with its validation
 * @param rowsPerSecond training rows per second of training steps, validation not counted
 */
public record Epoch(
    int number,
    double trainingLoss,
    Map<String, Double> trainingTerms,
    double validationAccuracy,
    double validationLoss,
    Map<String, Double> validationTerms,
    double seconds,
    double rowsPerSecond)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  public Epoch {
    trainingTerms = Collections.unmodifiableMap(new LinkedHashMap<>(trainingTerms));
    validationTerms = Collections.unmodifiableMap(new LinkedHashMap<>(validationTerms));
    if (number < 1) {
      throw new IllegalArgumentException("number must be at least 1, is " + number);
    }
    if (!(validationAccuracy >= 0 && validationAccuracy <= 1)) {
      throw new IllegalArgumentException(
          "validationAccuracy must be in [0, 1], is " + validationAccuracy);
    }
  }

  /** Whether it is the better one; without a validation loss, accuracy decides. */
  boolean beats(Epoch other, BestBy rule) {
    boolean byAccuracy = rule == BestBy.ACCURACY || validationTerms.isEmpty();
    if (byAccuracy && validationAccuracy != other.validationAccuracy) {
      return validationAccuracy > other.validationAccuracy;
    }
    return validationLoss < other.validationLoss;
  }

  ObjectNode toJson() {
    ObjectNode json = Json.object();
    json.put("epoch", number);
    json.put("training_loss", trainingLoss);
    json.set("training_terms", terms(trainingTerms));
    json.put("validation_accuracy", validationAccuracy);
    json.put("validation_loss", validationLoss);
    json.set("validation_terms", terms(validationTerms));
    json.put("seconds", seconds);
    json.put("rows_per_second", rowsPerSecond);
    return json;
  }

  static Epoch fromJson(JsonFields fields) {
    return new Epoch(
        fields.integer("epoch"),
        fields.number("training_loss"),
        terms(fields.object("training_terms")),
        fields.number("validation_accuracy"),
        fields.number("validation_loss"),
        terms(fields.object("validation_terms")),
        fields.number("seconds"),
        fields.number("rows_per_second"));
  }

  private static ObjectNode terms(Map<String, Double> terms) {
    ObjectNode json = Json.object();
    terms.forEach(json::put);
    return json;
  }

  private static Map<String, Double> terms(JsonFields fields) {
    Map<String, Double> terms = new LinkedHashMap<>();
    fields.keys().forEach(term -> terms.put(term, fields.number(term)));
    return terms;
  }
}
