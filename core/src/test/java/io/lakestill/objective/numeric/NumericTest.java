package io.lakestill.objective.numeric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.objective.RandomBatch;
import io.lakestill.objective.Tensor;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NumericTest {
  @Test
  void logarithmOfAProductNeitherOverflowsNorUnderflows() {
    LogProduct product = new LogProduct();
    double expected = 0;
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 1000; i++) {
      double exponent = 600 * random.nextDouble() - 250;
      product.multiply(Math.exp(exponent));
      expected += exponent;
    }
    assertThat(product.log()).isCloseTo(expected, within(1e-8));
    product.reset();
    assertThat(product.log()).isZero();
  }

  @Test
  void equalRowsAreExactlyZeroApart() {
    double[] x = {0.1, 1e9, 0.1, 1e9, 3, 4};
    double[] out = new double[9];
    new Differences().squared(x, 3, 2, out);
    assertThat(out[1]).isZero();
    assertThat(out[2]).isEqualTo(2.9 * 2.9 + (1e9 - 4) * (1e9 - 4));
    assertThat(out[6]).isEqualTo(out[2]);
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4})
  void spectralNormIsTheGreatestStretch(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Tensor weight = RandomBatch.normal(random, 1, 7, 5);
    double sigma = new SpectralNorm().of(weight);
    double greatest = 0;
    for (int i = 0; i < 2000; i++) {
      double[] x = new double[5];
      double squares = 0;
      for (int j = 0; j < 5; j++) {
        x[j] = random.nextGaussian();
        squares += x[j] * x[j];
      }
      double stretched = 0;
      for (int o = 0; o < 7; o++) {
        double sum = 0;
        for (int j = 0; j < 5; j++) {
          sum += weight.data()[o * 5 + j] * x[j];
        }
        stretched += sum * sum;
      }
      greatest = Math.max(greatest, Math.sqrt(stretched / squares));
    }
    assertThat(sigma).as("seed %d", seed).isBetween(greatest, 1.05 * greatest);
  }

  @Test
  void spectralNormOfNothingIsZero() {
    assertThat(new SpectralNorm().of(Tensor.zeros(3, 2))).isZero();
  }
}
