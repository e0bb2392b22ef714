package io.lakestill.bigdl;

import static org.assertj.core.api.Assertions.assertThat;

import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SeededDropoutTest {
  private static final int SIZE = 20_000;

  private static Tensor<Float> ones() {
    float[] values = new float[SIZE];
    Arrays.fill(values, 1f);
    return Floats.tensor(values, 100, SIZE / 100);
  }

  private static SeededDropout training(double rate, long seed) {
    SeededDropout dropout = new SeededDropout(rate, seed);
    dropout.training();
    return dropout;
  }

  @Test
  void zeroesThePartAndScalesTheRest() {
    float[] output = Floats.values(training(0.25, 1).forward(ones()));

    int zeros = 0;
    for (float value : output) {
      assertThat(value).isIn(0f, (float) (1 / 0.75));
      zeros += value == 0f ? 1 : 0;
    }
    // Binomial: 5000 with a deviation of 61.
    assertThat(zeros).isBetween(5000 - 5 * 61, 5000 + 5 * 61);
  }

  @Test
  void gradientGoesWhereTheValueWent() {
    SeededDropout dropout = training(0.5, 1);

    float[] output = Floats.values(dropout.forward(ones()));

    assertThat(Floats.values(dropout.backward(ones(), ones()))).isEqualTo(output);
  }

  @Test
  void sameSeedDrawsTheSameAndEveryBatchAnew() {
    SeededDropout first = training(0.5, 1);
    SeededDropout second = training(0.5, 1);

    first.at(7);
    second.at(7);
    float[] firstRun = Floats.values(first.forward(ones()));
    assertThat(Floats.values(second.forward(ones()))).isEqualTo(firstRun);
    second.at(8);
    assertThat(Floats.values(second.forward(ones()))).isNotEqualTo(firstRun);
    second.at(7);
    assertThat(Floats.values(second.forward(ones()))).isEqualTo(firstRun);
    assertThat(Floats.values(training(0.5, 2).forward(ones()))).isNotEqualTo(firstRun);
  }

  @Test
  void doesNothingAfterTraining() {
    SeededDropout dropout = new SeededDropout(0.5, 1);
    dropout.evaluate();

    assertThat(Floats.values(dropout.forward(ones()))).containsOnly(1f);
  }
}
