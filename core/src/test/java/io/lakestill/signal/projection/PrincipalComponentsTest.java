package io.lakestill.signal.projection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.lakestill.io.SafeTensors;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PrincipalComponentsTest {
  /** Six rows of four values. */
  private static final float[] ROWS = {
    2, 0, 1, 1, //
    0, 1, 3, -1, //
    4, -2, 0, 2, //
    1, 1, 2, 0, //
    3, -1, 5, 1, //
    -2, 3, 1, 4
  };

  /** {@code numpy.linalg.eigh(numpy.cov(ROWS.T))}, the two largest, by rows of the matrix. */
  private static final float[] MATRIX = {
    0.74521024f, -0.20747943f,
    -0.60409035f, 0.15608881f,
    0.12895876f, 0.7534758f,
    -0.25120944f, -0.60403875f
  };

  /** {@code (ROWS - ROWS.mean(0)) @ MATRIX}. */
  private static final float[] NARROW = {
    0.61107976f, -0.84315188f,
    -0.7230947f, 2.4429248f,
    2.9295127f, -2.9278029f,
    -0.35805263f, 0.8779309f,
    2.4762154f, 1.807183f,
    -4.9356606f, -1.357084f
  };

  @Test
  void areThoseOfNumpyWithTheLargestEntryPositive() {
    PrincipalComponents components = PrincipalComponents.of(moments(ROWS, 4, 6), 2);

    var file = SafeTensors.read(components.projector().toSafeTensors(), "file");
    assertThat(file.get("matrix").shape()).containsExactly(4, 2);
    assertThat(file.get("matrix").values()).containsExactly(MATRIX, within(1e-6f));
    assertThat(file.get("mean").values())
        .containsExactly(new float[] {4 / 3f, 1 / 3f, 2, 7 / 6f}, within(1e-6f));
    assertThat(components.explained()).isCloseTo(0.8809796515180386, within(1e-12));
    float[] narrow = new float[12];
    for (int row = 0; row < 6; row++) {
      components.projector().apply(ROWS, 4 * row, narrow, 2 * row);
    }
    assertThat(narrow).containsExactly(NARROW, within(1e-5f));
  }

  @Test
  void areTheSameHoweverTheSampleWasCut() {
    SampleMoments parts = new SampleMoments(4);
    parts.merge(moments(Arrays.copyOf(ROWS, 4), 4, 1));
    parts.merge(moments(Arrays.copyOfRange(ROWS, 4, 24), 4, 2));
    parts.merge(new SampleMoments(4));

    assertThat(parts.count()).isEqualTo(6);
    assertThat(SafeTensors.read(components(parts), "file").get("matrix").values())
        .containsExactly(MATRIX, within(1e-6f));
    assertThat(components(parts)).as("the same parts").isEqualTo(components(parts));
  }

  private static byte[] components(SampleMoments sample) {
    return PrincipalComponents.of(sample, 2).projector().toSafeTensors();
  }

  /** Of products that are not centred first, nothing would be left. */
  @Test
  void aLargeMeanCostsNoDigits() {
    float[] far = ROWS.clone();
    for (int i = 0; i < far.length; i++) {
      far[i] += 0x1p20f;
    }

    PrincipalComponents components = PrincipalComponents.of(moments(far, 4, 4), 2);

    assertThat(SafeTensors.read(components.projector().toSafeTensors(), "f").get("matrix").values())
        .containsExactly(MATRIX, within(1e-6f));
  }

  @Test
  void keepsAllOfWhatLiesInASubspace() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int width = 40;
    float[] rows = new float[100 * width];
    float[] directions = new float[3 * width];
    for (int i = 0; i < directions.length; i++) {
      directions[i] = (float) random.nextGaussian();
    }
    for (int r = 0; r < 100; r++) {
      for (int d = 0; d < 3; d++) {
        double factor = random.nextGaussian();
        for (int i = 0; i < width; i++) {
          rows[r * width + i] += (float) (factor * directions[d * width + i]);
        }
      }
    }

    SampleMoments moments = moments(rows, width, 64);

    assertThat(PrincipalComponents.of(moments, 3).explained())
        .as("seed %d", seed)
        .isCloseTo(1, within(1e-9));
    assertThat(PrincipalComponents.of(moments, 2).explained())
        .as("seed %d", seed)
        .isLessThan(0.999);
  }

  @Test
  void needsMoreRowsThanComponents() {
    assertThatThrownBy(() -> PrincipalComponents.of(moments(ROWS, 4, 3, 2), 3))
        .hasMessage("3 components need at least 4 rows, there are 3");
  }

  @Test
  void refusesRowsThatAreAllTheSame() {
    float[] same = new float[60];
    for (int i = 0; i < same.length; i++) {
      same[i] = 0.1f + i % 4;
    }

    assertThatThrownBy(() -> PrincipalComponents.of(moments(same, 4, 7), 2))
        .hasMessage("all 15 rows are the same, so they have no components");
    assertThatThrownBy(() -> PrincipalComponents.of(moments(new float[60], 4, 7), 2))
        .hasMessage("all 15 rows are the same, so they have no components");
  }

  private static SampleMoments moments(float[] rows, int width, int batch) {
    return moments(rows, width, rows.length / width, batch);
  }

  /** Of the first rows, in batches of so many. */
  private static SampleMoments moments(float[] rows, int width, int count, int batch) {
    SampleMoments moments = new SampleMoments(width);
    for (int row = 0; row < count; row += batch) {
      int number = Math.min(batch, count - row);
      moments.add(Arrays.copyOfRange(rows, row * width, (row + number) * width), number);
    }
    return moments;
  }
}
