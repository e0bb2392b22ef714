package io.lakestill.objective.selection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Indices;
import io.lakestill.objective.MadeObjective;
import io.lakestill.objective.Objective;
import io.lakestill.objective.RandomBatch;
import io.lakestill.objective.State;
import io.lakestill.objective.Tensor;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a weight means must not depend on the batch. */
class TokenMeanTest {
  private static final int ROWS = 6;

  private static Batch batch() {
    Batch logits = RandomBatch.ofLogits(9, ROWS, 4, 2);
    State state = new State();
    state.put("state.queue", Tensor.zeros(0));
    return Batch.of(ROWS)
        .tensor("student.logits", logits.tensor("student.logits"))
        .tensor("teacher.logits", logits.tensor("teacher.logits"))
        .labels(logits.labels(4))
        .indices("mask", Indices.of(new int[] {1, 1, 0, 1, 1, 0}))
        .state(state)
        .build();
  }

  @ParameterizedTest
  @ValueSource(strings = {"selective-batch", "selective-global-queue", "label-smoothed-ce"})
  void isTheSumOverTheTokensThatCount(String type) {
    Objective sum = MadeObjective.of(type, "reduction = sum");
    Objective mean = MadeObjective.of(type, "reduction = token-mean");
    Batch batch = batch();
    Gradients ofSum = Gradients.of(batch, Set.of("student.logits"));
    Gradients ofMean = Gradients.of(batch, Set.of("student.logits"));

    double whole = sum.evaluate(batch, ofSum);

    assertThat(mean.evaluate(batch(), ofMean)).isCloseTo(whole / 4, within(1e-12));
    assertThat(ofMean.norm()).isCloseTo(ofSum.norm() / 4, within(1e-6)).isPositive();
    assertThat(sum.parts()).containsEntry("num_tokens", 4.0);
  }
}
