package io.lakestill.data;

/**
 * The random numbers of one view: SplitMix64, started from {@code hash(sample_id, view_id, seed)}.
 *
 * <p>Written out here, and its Gaussian on {@link StrictMath}, so that a view is the same on every
 * Java version, platform, partition and executor. The start folds the UTF-16 units of the sample id
 * and then the view id into the seed, one SplitMix64 step each.
 *
 * <p>Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014, figure 17,
 * with the finaliser "variant 13" of Stafford.
 */
public final class ViewRandom {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private long state;
  private double spareGaussian = Double.NaN;

  public ViewRandom(String sampleId, int viewId, long seed) {
    long hash = mix(seed + GOLDEN_GAMMA);
    for (int i = 0; i < sampleId.length(); i++) {
      hash = mix((hash ^ sampleId.charAt(i)) + GOLDEN_GAMMA);
    }
    state = mix((hash ^ viewId) + GOLDEN_GAMMA);
  }

  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  public long nextLong() {
    state += GOLDEN_GAMMA;
    return mix(state);
  }

  /** Uniform in {@code [0, 1)}, from the upper 53 bits. */
  public double nextDouble() {
    return (nextLong() >>> 11) * 0x1.0p-53;
  }

  /**
   * Uniform in {@code [0, bound)}, by scaling 32 bits; its bias, below {@code bound / 2^32}, does
   * not matter for the offsets it is used for.
   */
  public int nextInt(int bound) {
    if (bound < 1) {
      throw new IllegalArgumentException("bound must be at least 1, is " + bound);
    }
    return (int) (((nextLong() >>> 32) * bound) >>> 32);
  }

  /** Standard normal, by Box and Muller's transform: two uniforms make two values. */
  public double nextGaussian() {
    if (!Double.isNaN(spareGaussian)) {
      double value = spareGaussian;
      spareGaussian = Double.NaN;
      return value;
    }
    // 1 - u is in (0, 1], so the logarithm is finite.
    double radius = StrictMath.sqrt(-2.0 * StrictMath.log(1.0 - nextDouble()));
    double angle = 2.0 * Math.PI * nextDouble();
    spareGaussian = radius * StrictMath.sin(angle);
    return radius * StrictMath.cos(angle);
  }
}
