package io.lakestill.signal.codec;

/**
 * IEEE 754 binary16: one sign bit, five of exponent, ten of fraction. Finite up to 65,504, normal
 * from 2⁻¹⁴, in steps of 2⁻²⁴ below.
 */
public final class Half {
  /** The smallest magnitude that rounds to infinity: halfway from 65,504 to 65,536. */
  static final float OVERFLOW = 65_520f;

  private static final int OVERFLOW_BITS = Float.floatToRawIntBits(OVERFLOW);
  private static final int INFINITY_BITS = 0x7f80_0000;
  private static final int NORMAL_BITS = Float.floatToRawIntBits(0x1p-14f);

  /** Exponents count from -15 in a half and from -127 in a float. */
  private static final int BIAS = 127 - 15;

  private Half() {}

  /** The nearest half, of two equally near ones the even one; a NaN stays a NaN. */
  public static short of(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = (bits >>> 16) & 0x8000;
    int magnitude = bits & 0x7fff_ffff;
    if (magnitude > INFINITY_BITS) {
      return (short) (sign | 0x7e00);
    }
    if (magnitude >= OVERFLOW_BITS) {
      return (short) (sign | 0x7c00);
    }
    int even = magnitude + 0xfff + ((magnitude >>> 13) & 1);
    int normal = (even - (BIAS << 23)) >>> 13;
    // The last place of a float near 0.5 is 2^-24, so that the sum is rounded as a small half is.
    float shifted = Float.intBitsToFloat(magnitude) + 0.5f;
    int small = Float.floatToRawIntBits(shifted) - Float.floatToRawIntBits(0.5f);
    // Zeros among the others, as a ReLU leaves them, would make a branch here cost more than both.
    int isSmall = (magnitude - NORMAL_BITS) >> 31;
    return (short) (sign | (small & isSmall) | (normal & ~isSmall));
  }

  /** The same number as a float, exactly. */
  public static float value(short half) {
    int sign = (half & 0x8000) << 16;
    int exponent = (half >>> 10) & 0x1f;
    int fraction = half & 0x3ff;
    if (exponent == 0) {
      return Float.intBitsToFloat(sign | Float.floatToRawIntBits(fraction * 0x1p-24f));
    }
    int bits = exponent == 0x1f ? INFINITY_BITS : (exponent + BIAS) << 23;
    return Float.intBitsToFloat(sign | bits | (fraction << 13));
  }
}
