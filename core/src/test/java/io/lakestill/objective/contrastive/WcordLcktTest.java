package io.lakestill.objective.contrastive;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Dimensions;
import io.lakestill.objective.Equipment.Head;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.MadeObjective;
import io.lakestill.objective.Objective;
import io.lakestill.objective.RandomBatch;
import io.lakestill.objective.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WcordLcktTest {
  private static final int ROWS = 16;

  private static Objective of(String teacherProjection) {
    return MadeObjective.of(
        "wcord-lckt", "projection-dim = 8, teacher-projection = " + teacherProjection);
  }

  private static Batch batch(Objective objective) {
    SplittableRandom random = new SplittableRandom(11);
    Batch.Builder builder =
        Batch.of(ROWS)
            .tensor("student.embedding", RandomBatch.normal(random, 1, ROWS, 6))
            .tensor("teacher.embedding", RandomBatch.normal(random, 1, ROWS, 9));
    Map<String, List<Integer>> shapes =
        Map.of("student.embedding", List.of(6), "teacher.embedding", List.of(9));
    for (Head head : objective.equip(new Dimensions(ROWS, ROWS, 2, shapes)).heads()) {
      int[] shape = head.shape().stream().mapToInt(Integer::intValue).toArray();
      int size = head.shape().stream().reduce(1, Math::multiplyExact);
      builder.tensor(head.name(), new Tensor(shape, head.initial().draw(size, 3)));
    }
    return builder.build();
  }

  @Test
  void aFixedTeachersProjectionHasNoGradientAndChangesNothingElse() {
    Objective fixed = of("fixed");
    Objective learned = of("learned");
    Batch batch = batch(fixed);
    Set<String> names = batch.present(fixed.requires().differentiable());
    Gradients ofFixed = Gradients.of(batch, names);
    Gradients ofLearned = Gradients.of(batch, names);

    assertThat(fixed.evaluate(batch, ofFixed)).isEqualTo(learned.evaluate(batch, ofLearned));

    for (String name : names) {
      if (name.endsWith("teacher_projection")) {
        assertThat(ofFixed.of(name).data()).as(name).containsOnly(0f);
        assertThat(ofLearned.of(name).data()).as(name).isNotEqualTo(ofFixed.of(name).data());
      } else {
        assertThat(ofFixed.of(name).data()).as(name).isEqualTo(ofLearned.of(name).data());
      }
    }
  }

  /** How alike the teacher's projected rows are after training: 1 when all are one point. */
  @ParameterizedTest
  @CsvSource({"fixed, false", "learned, true"})
  void twoProjectionsThatLearnAloneCollapse(String teacherProjection, boolean collapses) {
    Objective objective = of(teacherProjection);
    Batch batch = batch(objective);
    Set<String> names = batch.present(objective.requires().differentiable());
    Gradients gradients = Gradients.of(batch, names);
    for (int step = 0; step < 3000; step++) {
      gradients.zero();
      objective.evaluate(batch, gradients);
      for (String name : names) {
        if (!name.startsWith("student.")) {
          float[] values = batch.tensor(name).data();
          float[] slope = gradients.of(name).data();
          for (int i = 0; i < values.length; i++) {
            values[i] -= 0.5f * slope[i];
          }
        }
      }
    }

    assertThat(likeness(batch) > 0.6).as("likeness %s", likeness(batch)).isEqualTo(collapses);
  }

  /** The mean cosine of all pairs of the teacher's projected rows. */
  private static double likeness(Batch batch) {
    Tensor weight = batch.tensor("weight.teacher_projection");
    double[] sum = new double[weight.rows()];
    for (int row = 0; row < ROWS; row++) {
      double[] unit = new double[weight.rows()];
      double norm = 0;
      for (int o = 0; o < unit.length; o++) {
        unit[o] = batch.tensor("bias.teacher_projection").at(o);
        for (int i = 0; i < weight.width(); i++) {
          unit[o] +=
              weight.at(o * weight.width() + i)
                  * batch.tensor("teacher.embedding").at(row * weight.width() + i);
        }
        norm += unit[o] * unit[o];
      }
      for (int o = 0; o < unit.length; o++) {
        sum[o] += unit[o] / Math.sqrt(norm) / ROWS;
      }
    }
    double length = 0;
    for (double each : sum) {
      length += each * each;
    }
    return length;
  }
}
