package io.lakestill.objective.numeric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChosenRowsTest {
  private static final int ROWS = 40;

  private final ChosenRows chosen = new ChosenRows();

  @ParameterizedTest(name = "width {0}")
  @ValueSource(ints = {1, 5, 127, 128, 129, 300, 64})
  void multipliesAndSumsTheRowsThatWereFetched(int width) {
    SplittableRandom random = new SplittableRandom(width);
    float[] table = new float[ROWS * width];
    for (int i = 0; i < table.length; i++) {
      table[i] = (float) random.nextGaussian();
    }
    double[] vector = random.doubles(width + 2).toArray();
    int[] rows = {3, 39, 0, 3, 17};
    double[] weights = {1, -2, 0.5, 3, 0.25, 0, 0, 0};
    double[] expected = new double[width];
    chosen.start(vector, 2, width);
    chosen.fetch(table, rows, 1, 4);
    double[] products = new double[ChosenRows.BLOCK];
    chosen.products(products);
    for (int i = 0; i < 4; i++) {
      double product = 0;
      for (int d = 0; d < width; d++) {
        product += vector[2 + d] * table[rows[1 + i] * width + d];
        expected[d] += weights[i] * table[rows[1 + i] * width + d];
      }
      assertThat(products[i]).isCloseTo(product, within(1e-4));
    }
    weights[4] = 0;
    chosen.add(weights);
    double[] sum = new double[width + 1];
    sum[1] = 10;
    expected[0] += 10;
    chosen.finish(sum, 1);
    assertThat(Arrays.copyOfRange(sum, 1, width + 1)).containsExactly(expected, within(1e-4));
  }

  @Test
  void aNarrowerVectorForgetsTheWiderOne() {
    float[] wide = new float[2 * 128];
    Arrays.fill(wide, 7f);
    double[] products = new double[ChosenRows.BLOCK];
    double[] ones = new double[128];
    Arrays.fill(ones, 1);
    chosen.start(ones, 0, 128);
    chosen.fetch(wide, new int[] {0, 1}, 0, 2);
    chosen.start(ones, 0, 2);
    chosen.fetch(new float[] {1, 2, 3, 4}, new int[] {1}, 0, 1);
    chosen.products(products);
    assertThat(products[0]).isEqualTo(7);
  }
}
