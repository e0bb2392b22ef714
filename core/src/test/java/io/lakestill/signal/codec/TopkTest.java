package io.lakestill.signal.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Indices;
import io.lakestill.objective.Tensor;
import io.lakestill.objective.logit.TopkKl;
import io.lakestill.recipe.Schedule;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TopkTest {
  private static final List<Double> TEMPERATURES = List.of(1.0, 2.0, 4.0);
  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);

  /** Of normal, very sharp, very flat and equal logits, some of them tied. */
  private float[] row(int classes) {
    double scale = List.of(1.0, 30.0, 1e-3, 0.0).get(random.nextInt(4));
    float shift = random.nextInt(3) == 0 ? 1000 : 0;
    float[] row = new float[classes];
    for (int c = 0; c < classes; c++) {
      row[c] = (float) (Math.rint(random.nextGaussian() * 8) / 8 * scale) + shift;
    }
    return row;
  }

  private static double[] softmax(float[] logits, double temperature) {
    double[] p = new double[logits.length];
    double highest = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      highest = Math.max(highest, logit);
    }
    double sum = 0;
    for (int c = 0; c < p.length; c++) {
      p[c] = Math.exp((logits[c] - highest) / temperature);
      sum += p[c];
    }
    for (int c = 0; c < p.length; c++) {
      p[c] /= sum;
    }
    return p;
  }

  @Test
  void keepsTheLargestWithTheirClassesLargestFirst() {
    TopkRow row = TopkRow.of(new float[] {9, 1, 3, 2, 3, 0, 9}, 1, 5, new Topk(3, List.of(1.0)));

    assertThat(row.ids()).as("of equal ones the lowest class first").containsExactly(1, 3, 2);
    assertThat(row.values()).containsExactly(3, 3, 2);
    double sum = Math.exp(1) + 2 * Math.exp(3) + Math.exp(2) + 1;
    assertThat(row.logSumExp()[0]).isCloseTo(Math.log(sum), within(1e-14));
  }

  /** Whatever rank groups are read, at every temperature. */
  @Test
  void theMassOfTheOthersIsExact() {
    for (int trial = 0; trial < 3000; trial++) {
      int classes = 2 + random.nextInt(60);
      Topk codec = new Topk(1 + random.nextInt(classes), TEMPERATURES);
      float[] logits = row(classes);
      TopkRow row = TopkRow.of(logits, 0, classes, codec);
      int kept = 1 + random.nextInt(codec.k());
      for (int t = 0; t < TEMPERATURES.size(); t++) {
        double[] p = softmax(logits, TEMPERATURES.get(t));
        IntStream.range(0, kept).forEach(i -> p[row.ids()[i]] = 0);
        assertThat(row.restMass(kept, t, TEMPERATURES.get(t)))
            .as("seed %d, trial %d", seed, trial)
            .isCloseTo(Arrays.stream(p).sum(), within(1e-12));
      }
    }
  }

  @Test
  void aSpreadRowHasTheSameProbabilitiesAndTheSameRest() {
    for (int trial = 0; trial < 3000; trial++) {
      int classes = 2 + random.nextInt(60);
      Topk codec = new Topk(1 + random.nextInt(classes), TEMPERATURES);
      float[] logits = row(classes);
      TopkRow row = TopkRow.of(logits, 0, classes, codec);
      int kept = 1 + random.nextInt(codec.k());
      int t = random.nextInt(3);
      float[] to = new float[classes + 2];
      row.spread(kept, t, TEMPERATURES.get(t), to, 1, classes);

      float[] spread = Arrays.copyOfRange(to, 1, classes + 1);
      double[] p = softmax(logits, TEMPERATURES.get(t));
      double[] q = softmax(spread, TEMPERATURES.get(t));
      Set<Integer> ids = new HashSet<>();
      for (int i = 0; i < kept; i++) {
        int id = row.ids()[i];
        assertThat(spread[id]).isEqualTo(logits[id]);
        // One unit in the last place of a logit of 1000 is 6e-5.
        assertThat(q[id]).as("seed %d, trial %d", seed, trial).isCloseTo(p[id], within(7e-5));
        ids.add(id);
      }
      float smallestKept = row.values()[kept - 1];
      assertThat(ids).hasSize(kept);
      for (int c = 0; c < classes; c++) {
        if (!ids.contains(c)) {
          assertThat(spread[c]).as("seed %d", seed).isFinite().isLessThan(smallestKept);
        }
      }
      assertThat(to[0]).isZero();
      assertThat(to[classes + 1]).isZero();
    }
  }

  /** The loss it was made for cannot tell the rows apart. */
  @Test
  void topkKlIsThatOfTheWholeRow() {
    int classes = 40;
    int rows = 16;
    for (double temperature : TEMPERATURES) {
      float[] teacher = new float[rows * classes];
      float[] student = new float[rows * classes];
      float[] spread = new float[rows * classes];
      int[] topk = new int[rows * 5];
      Topk codec = new Topk(12, TEMPERATURES);
      for (int i = 0; i < teacher.length; i++) {
        teacher[i] = (float) random.nextGaussian() * 3;
        student[i] = (float) random.nextGaussian() * 3;
      }
      for (int row = 0; row < rows; row++) {
        TopkRow kept = TopkRow.of(teacher, row * classes, classes, codec);
        kept.spread(
            7, TEMPERATURES.indexOf(temperature), temperature, spread, row * classes, classes);
        System.arraycopy(kept.ids(), 0, topk, row * 5, 5);
      }

      float[] slope = new float[student.length];
      float[] spreadSlope = new float[student.length];
      double loss = topkKl(temperature, student, teacher, topk, slope, classes);
      double spreadLoss = topkKl(temperature, student, spread, topk, spreadSlope, classes);

      assertThat(spreadLoss).as("seed %d", seed).isCloseTo(loss, within(1e-5 * loss));
      for (int i = 0; i < slope.length; i++) {
        assertThat(spreadSlope[i]).as("seed %d", seed).isCloseTo(slope[i], within(1e-6f));
      }
      assertThat(loss).isGreaterThan(0.01);
    }
  }

  private static double topkKl(
      double temperature,
      float[] student,
      float[] teacher,
      int[] topk,
      float[] slope,
      int classes) {
    int rows = student.length / classes;
    int[] shape = {rows, classes};
    Batch batch =
        Batch.of(rows)
            .tensor("student.logits", new Tensor(shape, student))
            .tensor("teacher.logits", new Tensor(shape, teacher))
            .indices("index.topk", new Indices(new int[] {rows, topk.length / rows}, topk))
            .build();
    return new TopkKl(Schedule.of(temperature), topk.length / rows)
        .evaluate(batch, Gradients.over(Map.of("student.logits", new Tensor(shape, slope))));
  }

  @Test
  void ranksAreStoredInGroupsThatGrowFourfold() {
    assertThat(new Topk(200, TEMPERATURES).groups(200))
        .extracting(Topk.Ranks::column)
        .containsExactly("ranks_1_8", "ranks_9_32", "ranks_33_128", "ranks_129_200");
    assertThat(new Topk(128, TEMPERATURES).groups(8)).hasSize(1);
    assertThat(new Topk(128, TEMPERATURES).groups(9)).hasSize(2);
    assertThat(new Topk(3, TEMPERATURES).groups(3)).containsExactly(new Topk.Ranks(1, 3));
  }

  @Test
  void classesBeyondHalfPrecisionStayWhole() {
    int classes = 70_000;
    float[] logits = new float[classes];
    logits[69_999] = 3;
    logits[65_537] = 2;
    logits[2_049] = 1;
    TopkRow row = TopkRow.of(logits, 0, classes, new Topk(3, List.of(1.0)));

    assertThat(row.ids()).containsExactly(69_999, 65_537, 2_049);
  }

  @Test
  void refusesDamagedRows() {
    double[] sums = {1};
    assertRefused(
        new TopkRow(new int[] {1, 1}, new float[] {2, 1}, sums), "class 1, which is there");
    assertRefused(new TopkRow(new int[] {1, 4}, new float[] {2, 1}, sums), "class 4, which is");
    assertRefused(new TopkRow(new int[] {-1, 0}, new float[] {2, 1}, sums), "class -1, which is");
    assertRefused(new TopkRow(new int[] {1}, new float[] {2}, sums), "1 classes and 1 logits");
    assertRefused(
        new TopkRow(new int[] {0, 1}, new float[] {2, Float.NaN}, sums), "a logit of NaN");
    assertRefused(
        new TopkRow(new int[] {0, 1}, new float[] {2, 1}, new double[] {Double.NaN}),
        "a log-sum-exp of NaN");
  }

  private static void assertRefused(TopkRow row, String message) {
    assertThatThrownBy(() -> row.spread(2, 0, 1, new float[4], 0, 4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
  }
}
