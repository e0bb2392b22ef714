package io.lakestill.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.recipe.ModelRole;
import io.lakestill.train.TrainingHistory;
import java.util.List;

/**
 * How one training went.
 *
 * @param role the model that was trained
 * @param seed the seed of the training
 * @param keptEpoch the epoch whose parameters became the model
 * @param epochs in order
 */
public record TrainingCurve(ModelRole role, long seed, int keptEpoch, List<Epoch> epochs) {
  /**
   * One pass over the training examples.
   *
   * @param epoch its number, from 1
   * @param loss mean training loss
   * @param validationAccuracy on the validation rows after the pass, in [0, 1]
   */
  public record Epoch(int epoch, double loss, double validationAccuracy) {
    public Epoch {
      Require.finite("loss", loss);
      Require.fraction("validation_accuracy", validationAccuracy);
    }

    ObjectNode toJson() {
      return Json.object()
          .put("epoch", epoch)
          .put("loss", loss)
          .put("validation_accuracy", validationAccuracy);
    }

    static Epoch fromJson(JsonFields fields) {
      return new Epoch(
          fields.integer("epoch"), fields.number("loss"), fields.number("validation_accuracy"));
    }
  }

  public static TrainingCurve of(
      ModelRole role, long seed, int keptEpoch, TrainingHistory history) {
    return new TrainingCurve(
        role,
        seed,
        keptEpoch,
        history.epochs().stream()
            .map(
                epoch ->
                    new Epoch(epoch.number(), epoch.trainingLoss(), epoch.validationAccuracy()))
            .toList());
  }

  public TrainingCurve {
    epochs = List.copyOf(epochs);
    int kept = keptEpoch;
    if (epochs.stream().noneMatch(epoch -> epoch.epoch() == kept)) {
      throw new IllegalArgumentException(
          "kept_epoch must be one of the epochs of the curve, is " + keptEpoch);
    }
  }

  ObjectNode toJson() {
    ObjectNode json =
        Json.object().put("model", role.written()).put("seed", seed).put("kept_epoch", keptEpoch);
    ArrayNode list = json.putArray("epochs");
    epochs.forEach(epoch -> list.add(epoch.toJson()));
    return json;
  }

  static TrainingCurve fromJson(JsonFields fields) {
    return new TrainingCurve(
        fields.choice("model", ModelRole.class),
        fields.whole("seed"),
        fields.integer("kept_epoch"),
        fields.objects("epochs", Epoch::fromJson));
  }
}
