package io.lakestill.objective.numeric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each product against its definition, at sizes around those of panels and blocks. */
class MatrixProductTest {
  private static final String SIZES =
      """
      1, 1, 1
      1, 7, 1
      2, 8, 3
      5, 9, 63
      3, 64, 64
      4, 65, 65
      70, 63, 130
      129, 200, 10
      """;

  private final MatrixProduct matrices = new MatrixProduct();

  private static double[] random(long seed, int size) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] values = new double[size];
    Arrays.setAll(values, i -> random.nextGaussian());
    return values;
  }

  private static void assertSame(double[] actual, int from, double[] expected) {
    assertThat(Arrays.copyOfRange(actual, from, from + expected.length))
        .containsExactly(expected, within(1e-11));
  }

  /** {@code a[m,k] b[k,n]} by its definition. */
  private static double[] product(double[] a, double[] b, int m, int k, int n) {
    double[] out = new double[m * n];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        for (int l = 0; l < k; l++) {
          out[i * n + j] += a[i * k + l] * b[l * n + j];
        }
      }
    }
    return out;
  }

  private static double[] transposed(double[] a, int m, int n) {
    double[] out = new double[m * n];
    Matrices.transpose(a, m, n, out);
    return out;
  }

  @ParameterizedTest(name = "{0} by {1} by {2}")
  @CsvSource(textBlock = SIZES)
  void productsAreSumsOverTheInnerIndex(int m, int k, int n) {
    double[] a = random(1, m * k);
    double[] b = random(2, k * n);
    double[] expected = product(a, b, m, k, n);
    double[] out = random(3, m * n);
    matrices.multiply(a, b, m, k, n, out);
    assertSame(out, 0, expected);
    matrices.transposedMultiply(transposed(a, m, k), b, m, k, n, out);
    assertSame(out, 0, expected);
    matrices.multiplyTransposed(a, transposed(b, k, n), m, k, n, out);
    assertSame(out, 0, expected);
  }

  @ParameterizedTest(name = "{0} by {1} by {2}")
  @CsvSource(textBlock = SIZES)
  void addingKeepsWhatTheTargetHolds(int m, int k, int n) {
    double[] a = random(1, m * k);
    double[] b = random(2, k * n);
    double[] held = random(3, m * n);
    double[] expected = product(a, b, m, k, n);
    Arrays.setAll(expected, i -> expected[i] + held[i]);
    double[] out = held.clone();
    matrices.addMultiply(a, b, m, k, n, out);
    assertSame(out, 0, expected);
    System.arraycopy(held, 0, out, 0, m * n);
    matrices.addTransposedMultiply(transposed(a, m, k), b, m, k, n, out);
    assertSame(out, 0, expected);
    System.arraycopy(held, 0, out, 0, m * n);
    matrices.addMultiplyTransposed(a, 0, transposed(b, k, n), 0, m, k, n, out, 0);
    assertSame(out, 0, expected);
  }

  @ParameterizedTest(name = "{0} by {1} by {2}")
  @CsvSource(textBlock = SIZES)
  void gramHoldsAllInnerProductsOfRows(int m, int k, int n) {
    double[] x = random(n, m * k);
    double[] out = random(3, m * m);
    matrices.gram(x, m, k, out);
    assertSame(out, 0, product(x, transposed(x, m, k), m, k, m));
  }

  @ParameterizedTest(name = "{0} by {1} by {2}")
  @CsvSource(textBlock = SIZES)
  void offsetsLeaveWhatLiesAroundThemAlone(int m, int k, int n) {
    double[] a = random(1, m * k + 3);
    double[] b = random(2, k * n + 5);
    double[] expected =
        product(Arrays.copyOfRange(a, 3, a.length), Arrays.copyOfRange(b, 5, b.length), m, k, n);
    double[] out = random(3, m * n + 4);
    double[] before = out.clone();
    matrices.multiply(a, 3, b, 5, m, k, n, out, 2);
    assertSame(out, 2, expected);
    assertThat(new double[] {out[0], out[1], out[m * n + 2], out[m * n + 3]})
        .containsExactly(before[0], before[1], before[m * n + 2], before[m * n + 3]);
  }
}
