package io.lakestill.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.metric.ClassificationTally;
import java.util.List;
import org.junit.jupiter.api.Test;

class ModelScoreTest {
  private static final float[] FIRST = {2, 0, 0};
  private static final float[] LAST = {0, 0, 2};

  @Test
  void takesEveryMeasureFromTheTally() {
    ClassificationTally tally = new ClassificationTally(3, 10);
    tally.add(FIRST, 0, 0, FIRST, 0);
    tally.add(FIRST, 0, 2, LAST, 0);
    tally.add(FIRST, 0, 2, LAST, 0);
    tally.add(LAST, 0, 1, LAST, 0);

    ModelScore score = ModelScore.of(tally, 7, 28, 1000);

    assertThat(score.accuracy()).isEqualTo(0.25);
    assertThat(score.crossEntropy()).isEqualTo(tally.crossEntropy());
    assertThat(score.calibrationError()).isEqualTo(tally.calibrationError());
    assertThat(score.toTeacher()).contains(new TeacherDistance(0.5, tally.divergence()));
    assertThat(score.confusion().counts())
        .isEqualTo(List.of(List.of(1L, 0L, 0L), List.of(0L, 0L, 1L), List.of(2L, 0L, 0L)));
    assertThat(score.reliability()).isEqualTo(tally.reliability());
  }

  @Test
  void hasNoDistanceWithoutATeacher() {
    ClassificationTally tally = new ClassificationTally(3, 10);
    tally.add(FIRST, 0, 0);

    assertThat(ModelScore.of(tally, 7, 28, 1000).toTeacher()).isEmpty();
  }

  @Test
  void refusesATeacherThatWasAskedForSomeRowsOnly() {
    ClassificationTally tally = new ClassificationTally(3, 10);
    tally.add(FIRST, 0, 0, FIRST, 0);
    tally.add(FIRST, 0, 0);

    assertThatThrownBy(() -> ModelScore.of(tally, 7, 28, 1000))
        .hasMessage("the teacher's logits are needed for all 2 rows, are there for 1");
  }

  @Test
  void mistakesComeMostFrequentFirst() {
    Confusion confusion =
        new Confusion(List.of(List.of(5L, 1L, 0L), List.of(0L, 4L, 3L), List.of(2L, 0L, 6L)));

    assertThat(confusion.mistakes())
        .containsExactly(
            new Confusion.Mistake(1, 2, 3),
            new Confusion.Mistake(2, 0, 2),
            new Confusion.Mistake(0, 1, 1));
    assertThat(confusion.rows(1)).isEqualTo(7);
    assertThat(confusion.total()).isEqualTo(21);
  }

  @Test
  void refusesAConfusionThatIsNotSquare() {
    assertThatThrownBy(() -> new Confusion(List.of(List.of(1L, 2L), List.of(3L))))
        .hasMessage("every row of a confusion needs 2 counts, none negative; one is [3]");
  }

  @Test
  void refusesMeasuresThatAreNotNumbers() {
    assertThatThrownBy(() -> new TeacherDistance(Double.NaN, 0))
        .hasMessage("agreement must be in [0, 1], is NaN");
    assertThatThrownBy(() -> new TeacherDistance(1, Double.POSITIVE_INFINITY))
        .hasMessage("kl_to_teacher must be a finite number, is Infinity");
  }

  @Test
  void machineKnowsItsProcessor() {
    Machine machine = Machine.here();

    assertThat(machine.processor()).isNotBlank();
    assertThat(machine.cores()).isPositive();
    assertThat(machine.java()).startsWith("" + Runtime.version().feature());
  }
}
