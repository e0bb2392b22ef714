package io.lakestill.objective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.typesafe.config.ConfigFactory;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import io.lakestill.objective.logit.CrossEntropy;
import io.lakestill.objective.logit.KdJsd;
import io.lakestill.objective.logit.KdKl;
import io.lakestill.recipe.Problems;
import io.lakestill.recipe.Schedule;
import io.lakestill.recipe.Settings;
import io.lakestill.recipe.TermSettings;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.lang3.SerializationUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RowWeightsTest {
  private static final String WEIGHT = "margin";
  private static final String SIGNAL = "teacher.sql:margin";
  private static final int ROWS = 4;
  private static final int CLASSES = 5;

  /** Options that have no default. */
  private static final Map<String, String> NEEDED = Map.of("topk-kl", "k = 2");

  private static Objective withDefaults(String name) {
    String text = "type = \"" + name + "\", " + NEEDED.getOrDefault(name, "");
    Problems problems = new Problems();
    Settings options =
        new Settings(
                ConfigFactory.parseString(text).root(),
                name,
                ConfigFactory.parseResources("io/lakestill/reference.conf").getObject("defaults"),
                problems)
            .withDefaults("objective." + name);
    options.text("type");
    double weight = options.number("weight");
    return new Objectives()
        .create(new TermSettings(name, weight, options))
        .orElseThrow(() -> new AssertionError(name + ": " + problems.found()));
  }

  /** Those whose options all have defaults or are given above. */
  static Stream<String> rowwise() {
    return Stream.of(
        "cosine-embedding",
        "cross-entropy",
        "dedn-margin-ce",
        "dedn-mutual",
        "dkd",
        "ensemble-mean-logits-kl",
        "ensemble-mean-loss-kl",
        "ensemble-mean-prob-kl",
        "fisher-rao",
        "grkd-pair",
        "kd-jsd",
        "kd-kl",
        "kd-soft-cross-entropy",
        "logit-standardization",
        "logits-mse",
        "mhpflid-distill-loss",
        "nkd",
        "reverse-kl",
        "skew-kl",
        "skew-reverse-kl",
        "sof-exactly-one-fisher-rao",
        "sof-exactly-one-kl",
        "topk-kl",
        "total-variation",
        "trg-inner",
        "wmc-loss");
  }

  /** Inputs of any of them, with one weight per row. */
  private static Batch batch(long seed, float... weights) {
    SplittableRandom random = new SplittableRandom(seed);
    Batch.Builder batch = Batch.of(ROWS);
    for (String name :
        List.of(
            "student.logits",
            "student.logits.1",
            "student.logits.2",
            "student.embedding",
            "teacher.logits",
            "teacher.logits.1",
            "teacher.logits.2",
            "teacher.embedding")) {
      batch.tensor(name, RandomBatch.normal(random, 2, ROWS, CLASSES));
    }
    batch.tensor("student.map", RandomBatch.normal(random, 1, ROWS, 3, 4, 4));
    batch.tensor("teacher.map", RandomBatch.normal(random, 1, ROWS, 2, 4, 4));
    int[] oneClass = new int[CLASSES * CLASSES];
    for (int c = 0; c < CLASSES; c++) {
      oneClass[c * CLASSES + c] = 1;
    }
    int[] kept = new int[2 * ROWS];
    for (int row = 0; row < ROWS; row++) {
      kept[2 * row] = random.nextInt(CLASSES);
      kept[2 * row + 1] = (kept[2 * row] + 1) % CLASSES;
    }
    return batch
        .labels(random.ints(ROWS, 0, CLASSES).toArray())
        .indices("index.topk", new Indices(new int[] {ROWS, 2}, kept))
        .indices("index.seen", Indices.of(0, 2, 3))
        .indices("index.support", new Indices(new int[] {CLASSES, CLASSES}, oneClass))
        .tensor(SIGNAL, new Tensor(new int[] {ROWS, 1}, weights))
        .build();
  }

  /** The same rows, each as often as {@code times} says. */
  private static Batch repeated(Batch from, int... times) {
    int[] rows =
        IntStream.range(0, ROWS)
            .flatMap(row -> IntStream.generate(() -> row).limit(times[row]))
            .toArray();
    Batch.Builder batch = Batch.of(rows.length);
    for (String name : from.names()) {
      if (from.hasTensor(name)) {
        int[] shape = from.tensor(name).shape();
        shape[0] = rows.length;
        Tensor tensor = Tensor.zeros(shape);
        for (int i = 0; i < tensor.size(); i++) {
          tensor.data()[i] =
              from.tensor(name)
                  .data()[rows[i / tensor.width()] * tensor.width() + i % tensor.width()];
        }
        batch.tensor(name, tensor);
      } else if (name.equals("index.seen") || name.equals("index.support")) {
        batch.indices(name, from.indices(name));
      } else {
        int width = from.indices(name).width();
        int[] values = new int[rows.length * width];
        for (int i = 0; i < values.length; i++) {
          values[i] = from.indices(name).data()[rows[i / width] * width + i % width];
        }
        int[] newShape =
            name.equals("labels") ? new int[] {rows.length} : new int[] {rows.length, width};
        batch.indices(name, new Indices(newShape, values));
      }
    }
    return batch.build();
  }

  private static Gradients gradients(Objective objective, Batch batch) {
    return Gradients.of(batch, batch.present(objective.requires().differentiable()));
  }

  @Test
  void everyMeanOverRowsIsTested() {
    Stream<String> found = new Objectives().names().stream().filter(RowWeightsTest::isRowwise);
    assertThat(found).containsExactlyInAnyOrderElementsOf(rowwise().toList());
  }

  private static boolean isRowwise(String name) {
    try {
      return withDefaults(name) instanceof RowwiseObjective;
    } catch (AssertionError optionsWithoutDefault) {
      return false;
    }
  }

  @ParameterizedTest
  @MethodSource("rowwise")
  void theLossIsTheMeanOfTheRows(String name) {
    RowwiseObjective objective = (RowwiseObjective) withDefaults(name);
    Batch batch = batch(3, 1, 1, 1, 1);
    double loss = objective.evaluate(batch, gradients(objective, batch));
    double mean = Arrays.stream(objective.rowLosses(), 0, ROWS).average().orElseThrow();
    assertThat(mean).isCloseTo(loss, within(1e-12 * Math.max(1, loss)));
  }

  @ParameterizedTest
  @MethodSource("rowwise")
  void equalWeightsChangeNothing(String name) {
    RowwiseObjective objective = (RowwiseObjective) withDefaults(name);
    Batch batch = batch(4, 0.7f, 0.7f, 0.7f, 0.7f);
    Gradients plain = gradients(objective, batch);
    Gradients weighted = gradients(objective, batch);
    double loss = objective.evaluate(batch, plain);
    assertThat(new RowWeights(objective, WEIGHT).evaluate(batch, weighted))
        .isCloseTo(loss, within(1e-12 * Math.max(1, loss)));
    for (String input : plain.names()) {
      assertThat(weighted.of(input).data()).containsExactly(plain.of(input).data(), within(1e-6f));
    }
  }

  @ParameterizedTest
  @MethodSource("rowwise")
  void aWeightOfTwoIsTheRowTwice(String name) {
    RowwiseObjective objective = (RowwiseObjective) withDefaults(name);
    Batch batch = batch(5, 2, 1, 0, 3);
    Batch repeated = repeated(batch, 2, 1, 0, 3);
    Gradients weighted = gradients(objective, batch);
    double loss = new RowWeights(objective, WEIGHT).evaluate(batch, weighted);
    Gradients expected = gradients(objective, repeated);
    assertThat(loss)
        .isCloseTo(objective.evaluate(repeated, expected), within(1e-9 * Math.max(1, loss)));
    for (String input : weighted.names()) {
      float[] own = weighted.of(input).data();
      float[] each = expected.of(input).data();
      int width = weighted.of(input).width();
      for (int i = 0; i < width; i++) {
        assertThat(own[i]).isCloseTo(each[i] + each[width + i], within(1e-5f));
        assertThat(own[width + i]).isCloseTo(each[2 * width + i], within(1e-5f));
        assertThat(own[2 * width + i]).isZero();
        assertThat(own[3 * width + i]).isCloseTo(3 * each[3 * width + i], within(1e-5f));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rowwise")
  void gradientMatchesFiniteDifference(String name) {
    RowwiseObjective objective = (RowwiseObjective) withDefaults(name);
    FiniteDifferences.assertGradientMatches(
        new RowWeights(objective, WEIGHT), batch(6, 0.3f, 2.5f, 0f, 1f), name + ", seed 6");
  }

  @Test
  void rowsUnderAMaskHaveNoWeight() {
    KdJsd objective = new KdJsd(Schedule.of(1), 0.5);
    Batch whole = batch(7, 2, 1, 5, 3);
    Batch masked =
        Batch.of(ROWS)
            .tensor("student.logits", whole.tensor("student.logits"))
            .tensor("teacher.logits", whole.tensor("teacher.logits"))
            .tensor(SIGNAL, whole.tensor(SIGNAL))
            .indices("mask", Indices.of(1, 1, 0, 1))
            .build();
    Batch repeated = repeated(whole, 2, 1, 0, 3);
    assertThat(new RowWeights(objective, WEIGHT).evaluate(masked, gradients(objective, masked)))
        .isCloseTo(objective.evaluate(repeated, gradients(objective, repeated)), within(1e-9));
  }

  @Test
  void theFilterComesFirst() {
    Objective both = new RowFilter(new RowWeights(new KdKl(4), WEIGHT), "good");
    assertThat(both.requires().teacher()).containsExactly("logits", "sql:good", "sql:margin");
    Batch weights = batch(8, 2, 1, 9, 3);
    Batch batch =
        Batch.of(ROWS)
            .tensor("student.logits", weights.tensor("student.logits"))
            .tensor("teacher.logits", weights.tensor("teacher.logits"))
            .tensor(SIGNAL, weights.tensor(SIGNAL))
            .tensor("teacher.sql:good", new Tensor(new int[] {ROWS}, new float[] {1, 1, 0, 1}))
            .build();
    Batch repeated = repeated(weights, 2, 1, 0, 3);
    assertThat(both.evaluate(batch, gradients(both, batch)))
        .isCloseTo(new KdKl(4).evaluate(repeated, gradients(new KdKl(4), repeated)), within(1e-9));
    FiniteDifferences.assertGradientMatches(both, batch, "seed 8");
  }

  @Test
  void withoutAnyWeightTheLossIsZero() {
    RowWeights weights = new RowWeights(new CrossEntropy(), WEIGHT);
    Batch batch = batch(9, 0, 0, 0, 0);
    Gradients gradients = gradients(weights, batch);
    assertThat(weights.evaluate(batch, gradients)).isZero();
    assertThat(gradients.norm()).isZero();
  }

  @Test
  void namesExpressionAndRowOfAWeightThatIsNone() {
    for (float bad : new float[] {-0.5f, Float.NaN, Float.POSITIVE_INFINITY}) {
      Batch batch = batch(10, 1, 1, 1, bad);
      RowWeights weights = new RowWeights(new CrossEntropy(), WEIGHT);
      Gradients gradients = gradients(weights, batch);
      assertThatThrownBy(() -> weights.evaluate(batch, gradients))
          .isInstanceOfSatisfying(
              LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
          .hasMessageStartingWith(
              "The row weight \"margin\" is %s in row 3 of the batch;".formatted(bad));
      assertThat(gradients.norm()).isZero();
    }
  }

  @Test
  void refusesAnObjectiveWithHeads() {
    RowwiseObjective learning =
        new RowwiseObjective() {
          private static final long serialVersionUID = 1L;

          @Override
          public double[] rowLosses() {
            return new double[0];
          }

          @Override
          public Requirements requires() {
            return Requirements.of("student.map", "weight.projector");
          }

          @Override
          public double evaluate(Batch batch, Gradients gradients) {
            return 0;
          }
        };
    assertThatThrownBy(() -> new RowWeights(learning, WEIGHT))
        .hasMessage(
            "weighs rows, but the objective learns 'weight.projector' from all of them; give weight"
                + " a number");
  }

  @Test
  void aSerialisedCopyGivesTheSameNumbers() {
    RowWeights weights = new RowWeights(new KdKl(3), WEIGHT);
    Batch batch = batch(11, 1, 2, 3, 4);
    double loss = weights.evaluate(batch, gradients(weights, batch));
    assertThat(SerializationUtils.clone(weights).evaluate(batch, gradients(weights, batch)))
        .isEqualTo(loss);
  }
}
