package io.lakestill.train;

/**
 * Well-mixed numbers from counters, so that what is drawn depends on what is asked and on nothing
 * else: the generator splitmix64 (Steele, Lea and Flood, 2014).
 */
final class SplitMix {
  /** What a generator's state advances by between two numbers. */
  static final long STRIDE = 0x9E3779B97F4A7C15L;

  private SplitMix() {}

  /** The generator's number that follows a state. */
  static long mix(long state) {
    long z = state + STRIDE;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /** The seed of one named thing of one worker. */
  static long seed(long seed, int worker, String name) {
    return mix(mix(mix(seed) + worker) + name.hashCode());
  }

  /** A number in {@code [0, bound)} from 64 mixed bits; its bias is below {@code bound / 2^63}. */
  static int below(int bound, long bits) {
    return (int) Math.multiplyHigh(bits >>> 1, 2L * bound);
  }
}
