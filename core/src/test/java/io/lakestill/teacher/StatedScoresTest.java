package io.lakestill.teacher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.recipe.ScoreTable.Statement;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Whatever a table says, the softmax of the logits is the probability that it means. */
class StatedScoresTest {
  private static final List<String> PETS = List.of("cat", "dog", "owl", "eel");
  private static final List<String> YES_NO = List.of("no", "yes");
  private static final Offset<Double> ROUNDING = within(1e-6);

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);

  @Test
  void logitsAreTakenAsTheyAre() {
    float[] logits = new float[6];

    assertThat(said(Statement.LOGITS, PETS).logits(new double[] {-3, 0.5, 7, 1e30}, logits, 2))
        .isEmpty();

    assertThat(logits).containsExactly(0, 0, -3, 0.5f, 7, 1e30f);
  }

  @Test
  void oneMarginIsThatOfTheSecondClass() {
    double margin = 6 * random.nextDouble() - 3;

    double[] p = softmax(said(Statement.LOGITS, YES_NO), margin);

    assertThat(p[1]).as("seed %d", seed).isCloseTo(1 / (1 + Math.exp(-margin)), ROUNDING);
    assertThat(p[0]).isCloseTo(1 - p[1], ROUNDING);
  }

  @Test
  void probabilitiesComeBackAsTheSoftmaxOfTheirLogarithms() {
    double[] stated = {0.7, 0.2, 0.0999, 0.0001};

    assertThat(softmax(said(Statement.PROBABILITIES, PETS), stated))
        .containsExactly(stated, ROUNDING);
  }

  @Test
  void oneProbabilityIsThatOfTheSecondClass() {
    assertThat(softmax(said(Statement.PROBABILITIES, YES_NO), 0.8))
        .containsExactly(new double[] {0.2, 0.8}, ROUNDING);
    assertThat(fault(said(Statement.PROBABILITIES, YES_NO), 1.2))
        .contains("a probability is 1.2, which is not between 0 and 1");
  }

  /** What 32 bits, or a sum of many, make of one. */
  @Test
  void oneAndARoundingIsOne() {
    assertThat(softmax(said(Statement.PROBABILITIES, YES_NO), 1.0000001))
        .containsExactly(new double[] {0, 1}, ROUNDING);
    assertThat(softmax(said(Statement.PROBABILITIES, YES_NO), -1e-9))
        .containsExactly(new double[] {1, 0}, ROUNDING);
    assertThat(softmax(said(Statement.PROBABILITIES, PETS), 1.0000001, 0, -1e-7, 0))
        .containsExactly(new double[] {1, 0, 0, 0}, ROUNDING);
    assertThat(fault(said(Statement.PROBABILITIES, YES_NO), 1.01)).isPresent();
    float[] logits = new float[4];
    assertThat(said(Statement.ANSWER, PETS).answer("dog", 1.0000001, logits, 0)).isEmpty();
    assertThat(logits[1]).isZero();
    assertThat(said(Statement.ANSWER, PETS).answer("dog", 1.01, logits, 0)).isPresent();
  }

  @Test
  void aProbabilityOfZeroHasALogarithm() {
    float[] logits = new float[4];

    said(Statement.PROBABILITIES, PETS).logits(new double[] {1, 0, 0, 0}, logits, 0);

    assertThat(logits[0]).isZero();
    assertThat(logits[3]).isEqualTo((float) Math.log(1e-7));
  }

  @Test
  void refusesProbabilitiesThatAreNone() {
    StatedScores pets = said(Statement.PROBABILITIES, PETS);

    assertThat(fault(pets, 0.5, 0.3, 0.1, 0.0))
        .contains("the probabilities sum to 0.9 instead of one");
    assertThat(fault(pets, 1.1, 0, 0, -0.1)).contains("the probability at 3 is -0.1");
    assertThat(fault(pets, 0.25, 0.25, 0.25, 0.2505)).isEmpty();
  }

  @Test
  void scoresAreSharesOfTheirSum() {
    assertThat(softmax(said(Statement.SCORES, PETS), 6, 3, 1, 0))
        .containsExactly(new double[] {0.6, 0.3, 0.1, 1e-7}, ROUNDING);
    assertThat(fault(said(Statement.SCORES, PETS), 0, 0, 0, 0))
        .contains("all scores are 0, so no class has a share");
    assertThat(fault(said(Statement.SCORES, PETS), 1, -2, 0, 5))
        .contains("the score at 1 is -2.0; shares of a sum cannot be negative");
  }

  @Test
  void theOthersShareWhatAnAnswerLeaves() {
    float[] byName = new float[4];
    float[] byIndex = new float[4];
    StatedScores answers = said(Statement.ANSWER, PETS);

    assertThat(answers.answer("owl", 0.7, byName, 0)).isEmpty();
    assertThat(answers.answer(2.0, 0.7, byIndex, 0)).isEmpty();

    assertThat(byIndex).isEqualTo(byName);
    assertThat(softmax(byName)).containsExactly(new double[] {0.1, 0.1, 0.7, 0.1}, ROUNDING);
    answers.answer("cat", 1, byName, 0);
    assertThat(byName).containsExactly(0, log(1e-7), log(1e-7), log(1e-7));
  }

  @Test
  void refusesAnswersThatAreNone() {
    StatedScores answers = said(Statement.ANSWER, PETS);

    assertThat(answers.answer("Cat", 0.7, new float[4], 0))
        .contains("the answer 'Cat' is no class");
    assertThat(answers.answer(4, 0.7, new float[4], 0))
        .contains("the answer 4.0 is no class index (0 to 3)");
    assertThat(answers.answer(1.5, 0.7, new float[4], 0)).isPresent();
    assertThat(answers.answer(Double.NaN, 0.7, new float[4], 0)).isPresent();
    assertThat(answers.answer("cat", 0.25, new float[4], 0))
        .contains("the confidence is 0.25; it must be above 1/4 and at most 1");
    assertThat(answers.answer("cat", Double.NaN, new float[4], 0)).isPresent();
    assertThat(answers.answer("cat", 1.01, new float[4], 0)).isPresent();
  }

  private static StatedScores said(Statement statement, List<String> classes) {
    return new StatedScores(statement, classes);
  }

  private static Optional<String> fault(StatedScores said, double... stated) {
    return said.logits(stated, new float[said.classes().size()], 0);
  }

  private static double[] softmax(StatedScores said, double... stated) {
    float[] logits = new float[said.classes().size()];
    assertThat(said.logits(stated, logits, 0)).isEmpty();
    return softmax(logits);
  }

  private static double[] softmax(float[] logits) {
    double[] p = new double[logits.length];
    double sum = 0;
    for (int c = 0; c < p.length; c++) {
      p[c] = Math.exp(logits[c]);
      sum += p[c];
    }
    for (int c = 0; c < p.length; c++) {
      p[c] /= sum;
    }
    return p;
  }

  private static float log(double p) {
    return (float) Math.log(p);
  }
}
