package io.lakestill.objective.logit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.objective.Batch;
import io.lakestill.objective.FiniteDifferences;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.MadeObjective;
import io.lakestill.objective.Objective;
import io.lakestill.objective.RandomBatch;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ClkdTest {
  private static final int ROWS = 64;
  private static final int CLASSES = 10;

  @Test
  void byRowsItIsTheCovarianceOfTheClasses() {
    Batch batch = RandomBatch.ofLogits(5, ROWS, CLASSES, 3);
    double byClasses = correlation(MadeObjective.of("clkd", ""), batch);
    double byRows = correlation(MadeObjective.of("clkd", "divisor = rows"), batch);
    double ratio = (CLASSES - 1.0) / (ROWS - 1.0);
    assertThat(byRows).isCloseTo(byClasses * ratio * ratio, within(1e-9 * byClasses));
  }

  @Test
  void itsGradientIsThatOfTheLossByRowsToo() {
    Batch batch = RandomBatch.ofLogits(7, 6, 4, 2);
    FiniteDifferences.assertGradientMatches(
        MadeObjective.of("clkd", "divisor = rows"), batch, "seed 7");
  }

  private static double correlation(Objective clkd, Batch batch) {
    clkd.evaluate(batch, Gradients.of(batch, Set.of("student.logits")));
    return clkd.parts().get("class_correlation");
  }
}
