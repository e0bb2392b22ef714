package io.lakestill.train;

import com.fasterxml.jackson.databind.node.ArrayNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.recipe.BestBy;
import java.util.ArrayList;
import java.util.List;

/**
 * The epochs of a training, in order and without gaps.
 *
 * @param epochs the first is number 1
 */
public record TrainingHistory(List<Epoch> epochs) {
  public TrainingHistory {
    epochs = List.copyOf(epochs);
    for (int i = 0; i < epochs.size(); i++) {
      if (epochs.get(i).number() != i + 1) {
        throw new IllegalArgumentException(
            "epoch %d stands at place %d".formatted(epochs.get(i).number(), i + 1));
      }
    }
  }

  public static TrainingHistory empty() {
    return new TrainingHistory(List.of());
  }

  public TrainingHistory with(Epoch next) {
    List<Epoch> longer = new ArrayList<>(epochs);
    longer.add(next);
    return new TrainingHistory(longer);
  }

  /**
   * The epoch whose weights are kept; the earlier one of two that are alike.
   *
   * @throws IllegalStateException when there is no epoch yet
   */
  public Epoch best(BestBy rule) {
    return epochs.stream()
        .reduce((best, next) -> next.beats(best, rule) ? next : best)
        .orElseThrow(() -> new IllegalStateException("No epoch has ended yet"));
  }

  public ArrayNode toJson() {
    ArrayNode json = Json.object().arrayNode();
    epochs.forEach(epoch -> json.add(epoch.toJson()));
    return json;
  }

  static TrainingHistory fromJson(JsonFields fields, String key) {
    return new TrainingHistory(fields.objects(key, Epoch::fromJson));
  }
}
