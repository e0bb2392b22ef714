package io.lakestill.signal.projection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.io.SafeTensors;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RandomProjectionTest {

  @Test
  void columnsAreOrthogonalAndAllOfTheSameLength() {
    int from = 200;
    int to = 60;
    float[] matrix = matrix(RandomProjection.of(from, to, 7));

    for (int j = 0; j < to; j++) {
      for (int k = 0; k <= j; k++) {
        double product = 0;
        for (int i = 0; i < from; i++) {
          product += (double) matrix[i * to + j] * matrix[i * to + k];
        }
        assertThat(product * to / from).isCloseTo(j == k ? 1 : 0, within(1e-6));
      }
    }
  }

  /** Of 780 distances, to half of the values: the standard deviation of one is below 5 %. */
  @Test
  void keepsDistances() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int from = 512;
    int to = 256;
    Projector projector = RandomProjection.of(from, to, seed);
    float[][] rows = new float[40][from];
    float[][] narrow = new float[40][to];
    for (int r = 0; r < rows.length; r++) {
      for (int i = 0; i < from; i++) {
        rows[r][i] = (float) (random.nextGaussian() / (1 + i));
      }
      projector.apply(rows[r], 0, narrow[r], 0);
    }

    double sum = 0;
    int pairs = 0;
    for (int a = 0; a < rows.length; a++) {
      for (int b = 0; b < a; b++) {
        double ratio = distance(narrow[a], narrow[b]) / distance(rows[a], rows[b]);
        assertThat(ratio).as("seed %d, rows %d and %d", seed, a, b).isBetween(0.7, 1.3);
        sum += ratio;
        pairs++;
      }
    }
    assertThat(sum / pairs).as("seed %d", seed).isBetween(0.9, 1.1);
  }

  /** The mean of {@code <Wx, Wy> / <x, y>} over subspaces, whose spread is 0.33 here, is 1. */
  @Test
  void keepsInnerProductsInExpectation() {
    Random random = new Random(5);
    int from = 24;
    int to = 6;
    float[] x = new float[from];
    float[] y = new float[from];
    double exact = 0;
    for (int i = 0; i < from; i++) {
      x[i] = (float) random.nextGaussian();
      y[i] = x[i] + (float) random.nextGaussian() / 2;
      exact += (double) x[i] * y[i];
    }
    double sum = 0;
    int draws = 4000;
    for (int seed = 0; seed < draws; seed++) {
      Projector projector = RandomProjection.of(from, to, seed);
      float[] narrowX = new float[to];
      float[] narrowY = new float[to];
      projector.apply(x, 0, narrowX, 0);
      projector.apply(y, 0, narrowY, 0);
      for (int j = 0; j < to; j++) {
        sum += (double) narrowX[j] * narrowY[j];
      }
    }

    assertThat(sum / draws / exact).isCloseTo(1, within(0.03));
  }

  @Test
  void isTheSameForTheSameSeedAndAnotherForAnother() {
    byte[] file = RandomProjection.of(30, 5, 3).toSafeTensors();

    assertThat(RandomProjection.of(30, 5, 3).toSafeTensors()).isEqualTo(file);
    assertThat(RandomProjection.of(30, 5, 4).toSafeTensors()).isNotEqualTo(file);
    assertThat(SafeTensors.read(file, "file").get("mean").values()).containsOnly(0);
  }

  @Test
  void refusesToWiden() {
    assertThatThrownBy(() -> RandomProjection.of(8, 8, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("8 values are not narrowed to 8");
    assertThatThrownBy(() -> RandomProjection.of(8, 0, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static float[] matrix(Projector projector) {
    return SafeTensors.read(projector.toSafeTensors(), "file").get("matrix").values();
  }

  private static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += ((double) a[i] - b[i]) * (a[i] - b[i]);
    }
    return Math.sqrt(sum);
  }
}
