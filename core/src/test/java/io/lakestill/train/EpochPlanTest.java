package io.lakestill.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.recipe.Progress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EpochPlanTest {
  @Test
  void epochsThatDivideEndWithTheirRows() {
    EpochPlan plan = new EpochPlan(512, 128, 3);

    assertThat(plan.steps()).isEqualTo(12);
    assertThat(plan.lastStep(1)).isEqualTo(4);
    assertThat(plan.epoch(4)).isEqualTo(1);
    assertThat(plan.epoch(5)).isEqualTo(2);
  }

  @Test
  void leftOverRowsOpenTheNextEpoch() {
    EpochPlan plan = new EpochPlan(10, 4, 3);

    // 4, 8, 12 | 16, 20 | 24, 28, 32: the third step of the first epoch sees two rows of the next.
    assertThat(List.of(plan.lastStep(1), plan.lastStep(2), plan.lastStep(3)))
        .containsExactly(3, 5, 8);
    assertThat(plan.steps() * 4L).isBetween(30L, 33L);
  }

  @Test
  void everyEpochEndsExactlyOnce() {
    for (int rows = 8; rows < 60; rows++) {
      EpochPlan plan = new EpochPlan(rows, 8, 5);
      List<Integer> ended = new ArrayList<>();
      for (int step = 1; step <= plan.steps(); step++) {
        if (plan.endsEpoch(step)) {
          ended.add(plan.epoch(step));
        }
      }
      assertThat(ended).as("%d rows", rows).containsExactly(1, 2, 3, 4, 5);
      assertThat(plan.endsEpoch(plan.steps())).isTrue();
    }
  }

  @Test
  void progressIsThePartOfTheStepsThatAreDone() {
    EpochPlan plan = new EpochPlan(512, 128, 2);

    assertThat(plan.progress(1)).isEqualTo(Progress.START);
    assertThat(plan.progress(5)).isEqualTo(new Progress(2, 0.5));
    assertThat(plan.progress(8)).isEqualTo(new Progress(2, 7 / 8.0));
    assertThat(plan.end()).isEqualTo(new Progress(2, 1));
  }

  @Test
  void refusesFewerRowsThanABatch() {
    assertThatThrownBy(() -> new EpochPlan(7, 8, 1))
        .hasMessage("a batch of 8 needs as many rows, there are 7");
  }
}
