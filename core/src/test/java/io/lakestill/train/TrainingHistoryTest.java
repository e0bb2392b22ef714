package io.lakestill.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.recipe.BestBy;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TrainingHistoryTest {
  static Epoch epoch(int number, double accuracy, double loss) {
    Map<String, Double> terms = Map.of("cross-entropy", loss);
    return new Epoch(number, loss, terms, accuracy, loss, terms, 1.5, 1000);
  }

  @Test
  void bestHasTheHighestAccuracy() {
    TrainingHistory history =
        new TrainingHistory(List.of(epoch(1, 0.5, 1), epoch(2, 0.7, 2), epoch(3, 0.6, 0.1)));

    assertThat(history.best(BestBy.ACCURACY).number()).isEqualTo(2);
  }

  @Test
  void tiesGoToTheLowerLossThenToTheEarlierEpoch() {
    TrainingHistory history =
        new TrainingHistory(
            List.of(epoch(1, 0.7, 1), epoch(2, 0.7, 0.5), epoch(3, 0.7, 0.5), epoch(4, 0.7, 0.6)));

    assertThat(history.best(BestBy.ACCURACY).number()).isEqualTo(2);
  }

  @Test
  void bestByLossHasTheLowestLossWhateverItsAccuracy() {
    TrainingHistory history =
        new TrainingHistory(
            List.of(epoch(1, 0.9, 1), epoch(2, 0.6, 0.5), epoch(3, 0.7, 0.5), epoch(4, 0.9, 0.6)));

    assertThat(history.best(BestBy.LOSS).number()).isEqualTo(2);
  }

  @Test
  void accuracyDecidesWhereNoTermCouldBeValidated() {
    TrainingHistory history =
        new TrainingHistory(List.of(unvalidated(1, 0.5), unvalidated(2, 0.7), unvalidated(3, 0.6)));

    assertThat(history.best(BestBy.LOSS).number()).isEqualTo(2);
  }

  private static Epoch unvalidated(int number, double accuracy) {
    return new Epoch(number, 1, Map.of("crd", 1.0), accuracy, 0, Map.of(), 1.5, 1000);
  }

  @Test
  void comesBackFromJson() {
    TrainingHistory history = new TrainingHistory(List.of(epoch(1, 0.5, 1), epoch(2, 1.0 / 3, 2)));

    ObjectNode json = Json.object();
    json.set("history", history.toJson());

    assertThat(TrainingHistory.fromJson(JsonFields.of(json, "c.json"), "history"))
        .isEqualTo(history);
  }

  @Test
  void refusesAGap() {
    assertThatThrownBy(() -> TrainingHistory.empty().with(epoch(2, 0.5, 1)))
        .hasMessage("epoch 2 stands at place 1");
  }
}
