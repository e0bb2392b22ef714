package io.lakestill.objective.contrastive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Classifier;
import io.lakestill.objective.FiniteDifferences;
import io.lakestill.objective.Given;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.MadeObjective;
import io.lakestill.objective.Objective;
import io.lakestill.objective.RandomBatch;
import io.lakestill.objective.Tensor;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CrcdGradientCosineTest {
  private static final int ROWS = 6;
  private static final int WIDTH = 5;
  private static final int TEACHER_WIDTH = 8;
  private static final int CLASSES = 4;
  private static final Set<String> LEARNED =
      Set.of(
          "student.embedding",
          "weight.student_classifier",
          "bias.student_classifier",
          "weight.gradient_projection");

  private final Tensor weight = random(1, CLASSES, TEACHER_WIDTH);
  private final Tensor bias = random(2, CLASSES);

  private static Tensor random(long seed, int... shape) {
    return RandomBatch.normal(new SplittableRandom(seed), 1, shape);
  }

  private Batch.Builder inputs() {
    return Batch.of(ROWS)
        .tensor("student.embedding", random(3, ROWS, WIDTH))
        .tensor("teacher.embedding", random(4, ROWS, TEACHER_WIDTH))
        .tensor("weight.student_classifier", random(5, CLASSES, WIDTH))
        .tensor("bias.student_classifier", random(6, CLASSES))
        .tensor("weight.gradient_projection", random(7, TEACHER_WIDTH, WIDTH))
        .labels(new int[] {0, 1, 2, 3, 0, 1});
  }

  private Batch whole() {
    return inputs()
        .tensor("weight.teacher_classifier", weight)
        .tensor("bias.teacher_classifier", bias)
        .build();
  }

  @Test
  void projectsTheGradientToTheTeachersWidth() {
    Objective objective = MadeObjective.of("crcd-gradient-cosine", "projection = linear");
    FiniteDifferences.assertGradientMatches(objective, whole(), LEARNED, "projected");
  }

  /** The student's gradient is the teacher's, seen through the map that takes one to the other. */
  @Test
  void isZeroWhereAMapTakesOneGradientToTheOther() {
    Batch batch = whole();
    Batch same =
        Batch.of(ROWS)
            .tensor("student.embedding", batch.tensor("teacher.embedding"))
            .tensor("teacher.embedding", batch.tensor("teacher.embedding"))
            .tensor("weight.student_classifier", weight)
            .tensor("bias.student_classifier", bias)
            .tensor("weight.teacher_classifier", weight)
            .tensor("bias.teacher_classifier", bias)
            .tensor("weight.gradient_projection", twice(TEACHER_WIDTH))
            .labels(batch.labels(CLASSES))
            .build();
    Objective objective = MadeObjective.of("crcd-gradient-cosine", "projection = linear");

    assertThat(objective.evaluate(same, Gradients.of(same, LEARNED))).isCloseTo(0, within(1e-6));
  }

  private static Tensor twice(int width) {
    Tensor matrix = Tensor.zeros(width, width);
    for (int i = 0; i < width; i++) {
      matrix.data()[i * width + i] = 2;
    }
    return matrix;
  }

  @Test
  void aTeachersLayerThatIsGivenIsNoInputAndGivesTheSame() {
    Objective bare = MadeObjective.of("crcd-gradient-cosine", "projection = linear");
    Objective given =
        new Given(
            MadeObjective.of("crcd-gradient-cosine", "projection = linear"),
            Map.of("weight.teacher_classifier", weight, "bias.teacher_classifier", bias));
    Batch open = inputs().build();
    Gradients expected = Gradients.of(open, LEARNED);
    Gradients gradients = Gradients.of(open, LEARNED);

    double loss = given.evaluate(open, gradients);

    assertThat(loss).isEqualTo(bare.evaluate(whole(), expected));
    for (String name : LEARNED) {
      assertThat(gradients.of(name).data()).as(name).isEqualTo(expected.of(name).data());
    }
    assertThat(given.classifiers())
        .containsExactly(new Classifier("student_classifier", "student.embedding"));
    assertThat(given.requires().others())
        .containsExactlyInAnyOrder(
            "weight.student_classifier", "bias.student_classifier", "weight.gradient_projection");
  }

  @Test
  void aLayerWithoutABiasIsNotAskedForOne() {
    Objective given =
        new Given(
            MadeObjective.of("crcd-gradient-cosine", "projection = linear"),
            Map.of("weight.teacher_classifier", weight));
    Batch open = inputs().build();

    assertThat(given.requires().inputs()).doesNotContain("bias.teacher_classifier");
    assertThat(given.evaluate(open, Gradients.of(open, LEARNED))).isBetween(0.0, 2.0);
  }
}
