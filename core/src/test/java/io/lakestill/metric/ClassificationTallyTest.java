package io.lakestill.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakestill.TestResource;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClassificationTallyTest {
  @Test
  void calibrationErrorMatchesReference() {
    assertMatches("ece", ClassificationTally::calibrationError);
  }

  @Test
  void agreementMatchesReference() {
    assertMatches("top1_agreement", ClassificationTally::agreement);
  }

  @Test
  void divergenceMatchesReference() {
    assertMatches("predictive_kl", ClassificationTally::divergence);
  }

  @Test
  void reverseDivergenceMatchesReference() {
    assertMatches("predictive_kl_reverse", ClassificationTally::reverseDivergence);
  }

  @Test
  void entropyMatchesReference() {
    assertMatches("entropy", ClassificationTally::entropy);
    for (JsonNode golden : TestResource.json("/golden/metrics/entropy.json").get("cases")) {
      float[] logits = floats(golden.at("/inputs/student.logits/data"));
      JsonNode rows = golden.at("/expected/outputs/per_row/data");
      int classes = logits.length / rows.size();
      for (int row = 0; row < rows.size(); row++) {
        ClassificationTally one = new ClassificationTally(classes, 10);
        one.add(logits, row * classes, 0);
        assertThat(one.entropy()).isCloseTo(rows.get(row).asDouble(), within(1e-4));
      }
    }
  }

  /** The reference's other figure: the mean over all bins, empty ones too, however many rows. */
  @Test
  void gapsOfBinsMatchReference() {
    assertMatches(
        "ece",
        "/expected/terms/unweighted_mean_over_bins",
        tally ->
            tally.reliability().stream()
                .mapToDouble(bin -> Math.abs(bin.accuracy() - bin.meanConfidence()))
                .average()
                .orElseThrow());
  }

  @Test
  void countsWhatWasRightAndWhatWasTakenForWhat() {
    ClassificationTally tally = new ClassificationTally(3, 10);
    tally.add(new float[] {0f, 0f, (float) Math.log(2)}, 0, 2);
    tally.add(new float[] {9f, 9f, 9f, 2f, 2f, 1f}, 3, 1);
    assertThat(tally.rows()).isEqualTo(2);
    assertThat(tally.accuracy()).isEqualTo(0.5);
    assertThat(tally.confusion(2, 2)).isEqualTo(1);
    assertThat(tally.confusion(1, 0)).as("the lowest index wins a tie").isEqualTo(1);
    double first = Math.log(2);
    double second = Math.log(2 + Math.exp(-1));
    assertThat(tally.crossEntropy()).isCloseTo((first + second) / 2, within(1e-7));
  }

  @Test
  void confidenceOnAnEdgeFallsIntoTheLowerBin() {
    ClassificationTally tally = new ClassificationTally(2, 4);
    tally.add(new float[] {0f, 0f}, 0, 0);
    tally.add(new float[] {200f, 0f}, 0, 1);
    assertThat(tally.reliability())
        .containsExactly(
            new ReliabilityBin(0, 0.25, 0, 0, 0),
            new ReliabilityBin(0.25, 0.5, 1, 0.5, 1),
            new ReliabilityBin(0.5, 0.75, 0, 0, 0),
            new ReliabilityBin(0.75, 1, 1, 1, 0));
    assertThat(tally.calibrationError()).isEqualTo(0.75);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void mergedPartsEqualTheWhole(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    ClassificationTally whole = new ClassificationTally(4, 15);
    ClassificationTally left = new ClassificationTally(4, 15);
    ClassificationTally right = new ClassificationTally(4, 15);
    for (int row = 0; row < 200; row++) {
      float[] both = new float[8];
      for (int i = 0; i < both.length; i++) {
        both[i] = (float) (4 * random.nextGaussian());
      }
      int label = random.nextInt(4);
      whole.add(both, 0, label, both, 4);
      (random.nextBoolean() ? left : right).add(both, 0, label, both, 4);
    }
    left.merge(right);
    assertThat(left)
        .as("seed %d", seed)
        .usingRecursiveComparison()
        .withComparatorForType(
            (a, b) -> Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b)) ? 0 : 1, Double.class)
        .ignoringFields("studentLog", "teacherLog", "binConfidence")
        .isEqualTo(whole);
    assertThat(left.calibrationError()).isCloseTo(whole.calibrationError(), within(1e-12));
  }

  @Test
  void aSerialisedCopyCountsOn() throws IOException, ClassNotFoundException {
    ClassificationTally tally = new ClassificationTally(2, 10);
    tally.add(new float[] {1f, 0f}, 0, 0, new float[] {1f, 0f}, 0);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(tally);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      ClassificationTally copy = (ClassificationTally) in.readObject();
      copy.add(new float[] {0f, 1f}, 0, 0, new float[] {1f, 0f}, 0);
      assertThat(copy.rows()).isEqualTo(2);
      assertThat(copy.agreement()).isEqualTo(0.5);
    }
  }

  @Test
  void refusesLogitsThatAreNotFinite() {
    ClassificationTally tally = new ClassificationTally(2, 10);
    tally.add(new float[] {1f, 0f}, 0, 0);
    assertThatThrownBy(() -> tally.add(new float[] {1f, Float.NaN}, 0, 0))
        .isInstanceOf(LakestillException.class)
        .hasMessageContaining("logits of class 1 are NaN in row 1")
        .extracting(e -> ((LakestillException) e).exitCode())
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(tally.rows()).isEqualTo(1);
  }

  @Test
  void refusesLabelOutsideTheClasses() {
    ClassificationTally tally = new ClassificationTally(2, 10);
    assertThatThrownBy(() -> tally.add(new float[] {1f, 0f}, 0, 2))
        .isInstanceOf(LakestillException.class)
        .hasMessageContaining("Label 2 in row 0")
        .hasMessageContaining("2 classes (0 to 1)");
  }

  @Test
  void hasNoFigureBeforeTheFirstRow() {
    assertThatThrownBy(new ClassificationTally(2, 10)::accuracy)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no row was counted");
  }

  private static void assertMatches(String name, ToDoubleFunction<ClassificationTally> figure) {
    assertMatches(name, "/expected/value", figure);
  }

  private static void assertMatches(
      String name, String field, ToDoubleFunction<ClassificationTally> figure) {
    for (JsonNode golden : TestResource.json("/golden/metrics/" + name + ".json").get("cases")) {
      JsonNode inputs = golden.get("inputs");
      float[] logits = floats(inputs.get("student.logits").get("data"));
      int classes = inputs.get("student.logits").get("shape").get(1).asInt();
      ClassificationTally tally =
          new ClassificationTally(classes, golden.get("params").path("n_bins").asInt(10));
      for (int row = 0; row < logits.length / classes; row++) {
        int label = inputs.path("labels").path("data").path(row).asInt(0);
        if (inputs.has("teacher.logits")) {
          float[] teacher = floats(inputs.get("teacher.logits").get("data"));
          tally.add(logits, row * classes, label, teacher, row * classes);
        } else {
          tally.add(logits, row * classes, label);
        }
      }
      double expected = golden.at(field).asDouble();
      assertThat(figure.applyAsDouble(tally))
          .as("%s %s", name, golden.get("name").asText())
          .isCloseTo(expected, within(1e-4 * Math.max(1, Math.abs(expected))));
    }
  }

  private static float[] floats(JsonNode data) {
    float[] values = new float[data.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) data.get(i).asDouble();
    }
    return values;
  }
}
