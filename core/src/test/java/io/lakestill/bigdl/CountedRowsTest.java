package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.intel.analytics.bigdl.dllib.nn.abstractnn.Activity;
import io.lakestill.objective.Bound;
import io.lakestill.objective.Objective;
import io.lakestill.objective.RowFilter;
import io.lakestill.objective.RowWeights;
import io.lakestill.objective.WeightedTerms;
import io.lakestill.objective.logit.CrossEntropy;
import io.lakestill.train.BatchLayout;
import io.lakestill.train.EpochPlan;
import io.lakestill.train.RowLayout;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The reported mean of a term that leaves rows out or weighs them. */
class CountedRowsTest {
  private static final RowLayout OUTPUTS =
      new RowLayout(List.of(new RowLayout.Slot("student.logits", List.of(2), 0)));
  private static final RowLayout TARGETS =
      new RowLayout(
          List.of(
              new RowLayout.Slot("labels", List.of(), 0),
              new RowLayout.Slot("teacher.sql:w", List.of(), 1)));

  /** Three of the first batch's rows count, and one of the second's; in the third none does. */
  private static final float[][] WEIGHTS = {{1, 3, 1, 0}, {0, 0, 0, 2}, {0, 0, 0, 0}};

  private static final float[][] LOGITS = {{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9, 10, 11}};

  @BeforeAll
  static void startEngine() {
    LocalSpark.cluster();
  }

  private static Activity output(int batch) {
    float[] values = new float[8];
    for (int row = 0; row < 4; row++) {
      values[2 * row] = LOGITS[batch][row];
    }
    return Floats.tensor(values, 4, 2);
  }

  private static PackedTarget target(int batch, RowOrigin origin) {
    float[] values = new float[8];
    for (int row = 0; row < 4; row++) {
      values[2 * row] = 1;
      values[2 * row + 1] = WEIGHTS[batch][row];
    }
    return new PackedTarget(Floats.tensor(values, 4, 2), origin);
  }

  /** The cross-entropy of label 1 where class 0 has the logit and class 1 has none. */
  private static double mean(boolean weighted) {
    double sum = 0;
    double counted = 0;
    for (int batch = 0; batch < 3; batch++) {
      for (int row = 0; row < 4; row++) {
        double weight = weighted ? WEIGHTS[batch][row] : Math.signum(WEIGHTS[batch][row]);
        sum += weight * Math.log1p(Math.exp(LOGITS[batch][row]));
        counted += weight;
      }
    }
    return sum / counted;
  }

  private static LossInputs inputs(WeightedTerms loss) {
    BatchLayout layout = BatchLayout.of(loss, OUTPUTS, TARGETS, 4, 12);
    return new LossInputs(layout, new EpochPlan(12, 4, 1), 1, 12);
  }

  private static void assertMean(Objective objective, double expected) {
    WeightedTerms loss =
        new WeightedTerms(
            List.of(new WeightedTerms.Term("t", 1, new Bound(objective, Map.of(), 0))));
    TermLosses sums = new TermLosses(1);
    ObjectiveCriterion criterion = new ObjectiveCriterion(loss, inputs(loss), sums);
    ValidationMeasure measure =
        ValidationMeasure.term(loss.terms().get(0).objective(), inputs(loss));
    MeanResult validation = new MeanResult(0, 0);
    for (int batch = 0; batch < 3; batch++) {
      RowOrigin origin = new RowOrigin(batch + 1, 0, Optional.empty(), new int[4]);
      criterion.forward(output(batch), target(batch, origin));
      validation =
          validation.plus(measure.measure(output(batch), target(batch, RowOrigin.VALIDATION)));
    }
    assertThat((float) sums.take(0).mean()).isCloseTo((float) expected, within(1e-5f));
    assertThat((float) validation.mean()).isCloseTo((float) expected, within(1e-5f));
  }

  @Test
  void aFilteredTermsMeanIsOverTheRowsThatCount() {
    assertMean(new RowFilter(new CrossEntropy(), "w"), mean(false));
  }

  @Test
  void aRowWeightedTermsMeanIsOverTheWeights() {
    assertMean(new RowWeights(new CrossEntropy(), "w"), mean(true));
    assertMean(new RowFilter(new RowWeights(new CrossEntropy(), "w"), "w"), mean(true));
  }

  @Test
  void theMeanOverNoRowIsTheLossOfNone() {
    assertThat(new MeanResult(0, 0).mean()).isZero();
    assertThat(new MeanResult(Double.NaN, 0).mean()).isNaN();
  }
}
