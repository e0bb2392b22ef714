package io.lakestill.signal.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CodecTest {
  private static final int OFFSET = 3;
  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);

  /** Rows of every magnitude that floats have, with zeros and both signs. */
  private float[] row(int width) {
    int exponent = random.nextInt(-149, 128);
    float[] row = new float[OFFSET + width];
    for (int i = OFFSET; i < row.length; i++) {
      double value = random.nextGaussian() * Math.scalb(1.0, exponent);
      row[i] =
          random.nextInt(10) == 0
              ? 0
              : (float) Math.max(-Float.MAX_VALUE, Math.min(Float.MAX_VALUE, value));
    }
    return row;
  }

  @Test
  void int8IsOffByHalfAStepAtMost() {
    for (int trial = 0; trial < 20_000; trial++) {
      int width = 1 + random.nextInt(40);
      float[] row = row(width);
      float scale = Int8.scale(row, OFFSET, width);
      float[] decoded = new float[row.length];
      byte[] bytes = Int8.encode(row, OFFSET, width, scale);
      Int8.decode(scale, bytes, decoded, OFFSET, width);

      float largest = 0;
      for (int i = OFFSET; i < row.length; i++) {
        largest = Math.max(largest, Math.abs(row[i]));
        double bound = (double) scale / 2 + Math.abs((double) row[i]) * 0x1p-23;
        assertThat(Math.abs((double) decoded[i] - row[i]))
            .as("seed %d, trial %d, %s by %s", seed, trial, row[i], scale)
            .isLessThanOrEqualTo(bound);
      }
      assertThat(bytes).as("seed %d", seed).doesNotContain(Byte.MIN_VALUE);
      assertThat((double) scale)
          .as("seed %d, of %s", seed, largest)
          .isGreaterThanOrEqualTo(largest / 127.0)
          .isLessThanOrEqualTo(Math.nextUp((float) (largest / 127.0)));
    }
  }

  @Test
  void int8HoldsTheExtremes() {
    assertThat(int8(Float.MAX_VALUE, -Float.MAX_VALUE, 0))
        .containsExactly(Float.MAX_VALUE, -Float.MAX_VALUE, 0);
    assertThat(int8(Float.MIN_VALUE, 0, -3 * Float.MIN_VALUE))
        .as("smaller than any step")
        .containsExactly(Float.MIN_VALUE, 0, -3 * Float.MIN_VALUE);
    assertThat(int8(0, -0f, 0)).containsExactly(0, 0, 0);
    assertThat(int8(127, 1, -64)).as("whole steps").containsExactly(127, 1, -64);
  }

  private static float[] int8(float... row) {
    float scale = Int8.scale(row, 0, row.length);
    float[] decoded = new float[row.length];
    Int8.decode(scale, Int8.encode(row, 0, row.length, scale), decoded, 0, row.length);
    return decoded;
  }

  @Test
  void dense16IsLittleEndianAndTouchesItsRowOnly() {
    float[] batch = {9, 9, 9, 1, -2, 0.333f, 9};
    byte[] bytes = Dense16.encode(batch, OFFSET, 3);

    // numpy: np.array([1, -2, 0.333], '<f2').tobytes()
    assertThat(bytes).containsExactly(0x00, 0x3c, 0x00, 0xc0, 0x54, 0x35);
    float[] to = new float[5];
    Arrays.fill(to, 7);
    Dense16.decode(bytes, to, 1, 3);
    assertThat(to).containsExactly(7, 1, -2, 0.33300781f, 7);
  }

  @Test
  void dense16RefusesWhatWouldBecomeInfinite() {
    Dense16 codec = new Dense16();

    assertThat(codec.refused(new float[] {9e9f, 1, -65_520, 7e4f}, 1, 3))
        .isEqualTo(OptionalInt.of(1));
    assertThat(codec.refused(new float[] {9e9f, 1, -65_519.996f, 7e4f}, 1, 2)).isEmpty();
  }

  @Test
  void bytesOfAnotherWidthAreRefused() {
    assertThatThrownBy(() -> Dense16.decode(new byte[7], new float[4], 0, 4))
        .hasMessage("7 bytes of dense16, which are not 4 values");
    assertThatThrownBy(() -> Int8.decode(1, new byte[3], new float[4], 0, 4))
        .hasMessage("3 bytes of int8, which are not 4 values");
  }
}
