package io.lakestill.objective.relation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.objective.Batch;
import io.lakestill.objective.FiniteDifferences;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.RandomBatch;
import io.lakestill.objective.Tensor;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RkdAngleTest {
  private static final int ROWS = 9;
  private static final int WIDTH = 3;

  private static Batch batch(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return Batch.of(ROWS)
        .tensor("student.embedding", RandomBatch.normal(random, 1, ROWS, WIDTH))
        .tensor("teacher.embedding", RandomBatch.normal(random, 1, ROWS, WIDTH))
        .build();
  }

  private static double loss(Batch batch) {
    return new RkdAngle().evaluate(batch, Gradients.of(batch, Set.of("student.embedding")));
  }

  /** The definition, pair of rows by pair of rows. */
  private static double defined(Batch batch) {
    double sum = 0;
    for (int a = 0; a < ROWS; a++) {
      for (int b = 0; b < ROWS; b++) {
        for (int c = 0; c < ROWS; c++) {
          double difference =
              Math.abs(
                  cosine(batch.tensor("student.embedding"), a, b, c)
                      - cosine(batch.tensor("teacher.embedding"), a, b, c));
          sum += difference < 1 ? difference * difference / 2 : difference - 0.5;
        }
      }
    }
    return sum / ROWS / ROWS / ROWS;
  }

  private static double cosine(Tensor x, int a, int b, int c) {
    double product = 0;
    double first = 0;
    double second = 0;
    for (int d = 0; d < WIDTH; d++) {
      double ab = (double) x.data()[b * WIDTH + d] - x.data()[a * WIDTH + d];
      double ac = (double) x.data()[c * WIDTH + d] - x.data()[a * WIDTH + d];
      product += ab * ac;
      first += ab * ab;
      second += ac * ac;
    }
    return first == 0 || second == 0 ? 0 : product / Math.sqrt(first * second);
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3})
  void linesOfTheGramMatrixGiveTheAnglesOfTheDefinition(long seed) {
    Batch batch = batch(seed);
    assertThat(loss(batch)).as("seed %d", seed).isCloseTo(defined(batch), within(1e-12));
    FiniteDifferences.assertGradientMatches(new RkdAngle(), batch, "seed " + seed);
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3})
  void rowsThatNearlyCoincideAreFormedFromTheirDifferences(long seed) {
    Batch batch = batch(seed);
    float[] student = batch.tensor("student.embedding").data();
    System.arraycopy(student, 0, student, WIDTH, WIDTH);
    student[WIDTH] += 1e-6f;
    float[] teacher = batch.tensor("teacher.embedding").data();
    System.arraycopy(teacher, 4 * WIDTH, teacher, 7 * WIDTH, WIDTH);
    assertThat(loss(batch)).as("seed %d", seed).isCloseTo(defined(batch), within(1e-9));
  }
}
