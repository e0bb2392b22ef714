package io.lakestill.objective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.Equipment.Draw;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Options that do not fit the sizes of a training are refused before it starts. */
class EquipmentRefusalTest {
  private static final Dimensions TEN_CLASSES =
      new Dimensions(
          32,
          100,
          10,
          Map.of(
              "student.logits", List.of(10),
              "teacher.logits", List.of(10),
              "student.embedding", List.of(6),
              "teacher.embedding", List.of(8),
              "student.image", List.of(6),
              "student.text", List.of(8),
              "teacher.image", List.of(8),
              "teacher.text", List.of(8)));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          topk-kl             | k = 11             | topk-kl has k = 11, but the teacher has 10 classes; lower k.
          distilcse-ckd       | queue-size = 69    | distilcse-ckd has queue-size = 69, but a worker has 100 training rows and batches of 32: the queue would hold a row's own key, as a negative; set queue-size to at most 68, or use fewer cores.
          rrd                 | queue-size = 31    | rrd has queue-size = 31, but a worker's batch has 32 rows; raise queue-size.
          cd-topn             | items = 11         | cd-topn draws items = 11, but the teacher scores 10; lower it.
          ccd-relaxed-ranking | ranked = 3         | ccd-relaxed-ranking has ranked = 3 and uninteresting = 10000, but the teacher scores 10 items; lower them.
          clip-rd             | projection = none  | clip-rd: 'student.image' has 6 values and the teacher 8; set projection = linear.
          crcd-gradient-cosine | projection = none | crcd-gradient-cosine: 'student.embedding' has 6 values and 'teacher.embedding' 8; set projection = linear.
          dedn-margin-ce      | seen = []          | dedn-margin-ce has seen = []; name the seen classes by their numbers, from 0 to 9.
          dedn-margin-ce      | seen = [1, 10]     | dedn-margin-ce has seen = [1, 10]; name the seen classes by their numbers, from 0 to 9.
          wmc-loss            | use-weights = true | wmc-loss with use-weights = true needs the weights of the assignments: a recipe's constraint is that exactly one class holds, all alike; set it to false.
          """)
  void refusesWhatDoesNotFit(String type, String options, String message) {
    Objective objective = MadeObjective.of(type, options);
    assertThatThrownBy(() -> objective.equip(TEN_CLASSES))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_RECIPE))
        .hasMessage(message);
  }

  @Test
  void drawsOfARankingFollowTheTeachersScores() {
    assertThat(MadeObjective.of("topk-kl", "k = 3").equip(TEN_CLASSES).draws())
        .containsExactly(new Draw.Largest("index.topk", "teacher.logits", 3));
    assertThat(MadeObjective.of("cd-topn", "").equip(TEN_CLASSES).draws())
        .containsExactly(new Draw.Tournament("index.items", "teacher.logits", 10, 20, 2));
    assertThat(
            MadeObjective.of("ccd-relaxed-ranking", "ranked = 3, uninteresting = 5")
                .equip(TEN_CLASSES)
                .draws())
        .containsExactly(
            new Draw.Largest("index.ranked", "teacher.logits", 3),
            new Draw.OutsideLargest("index.uninteresting", "teacher.logits", 3, 5));
  }

  @Test
  void onlyWhatRemembersOrDrawsSamplesNeedsAShard() {
    assertThat(MadeObjective.of("crd", "").equip(TEN_CLASSES).needsShard()).isTrue();
    assertThat(MadeObjective.of("rrd", "").equip(TEN_CLASSES).needsShard()).isTrue();
    assertThat(MadeObjective.of("cd-topn", "").equip(TEN_CLASSES).needsShard()).isFalse();
    assertThat(MadeObjective.of("dcd", "").equip(TEN_CLASSES).needsShard()).isFalse();
    assertThat(MadeObjective.of("sof-exactly-one-kl", "").equip(TEN_CLASSES).needsShard())
        .isFalse();
  }

  @Test
  void columnsOfAQueueStartWithLengthOne() {
    float[] values = new InitialValues.UnitColumns(3).draw(12, 4);
    for (int column = 0; column < 3; column++) {
      double square = 0;
      for (int i = column; i < 12; i += 3) {
        square += (double) values[i] * values[i];
      }
      assertThat(square).isBetween(1 - 1e-6, 1 + 1e-6);
    }
  }
}
