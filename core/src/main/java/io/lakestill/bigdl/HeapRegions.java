package io.lakestill.bigdl;

/**
 * The regions of a heap under G1, which is what Java uses unless told otherwise: an array of half a
 * region and more has regions of its own, and of the last one what it leaves is lost. Results of
 * layers are often just above a power of two, which is the worst case.
 *
 * @param bytes of each region
 */
public record HeapRegions(long bytes) {
  private static final int REGIONS = 2048;
  private static final long LEAST = 1L << 20;
  private static final long MOST = 32L << 20;
  private static final int HEADER = 16;

  /** Those of a heap of that limit, as G1 divides it. */
  public static HeapRegions of(long heap) {
    long size = Math.min(MOST, Math.max(LEAST, heap / REGIONS));
    long power = Long.highestOneBit(size);
    return new HeapRegions(power == size ? power : 2 * power);
  }

  /** The bytes that an array of so many floats or ints takes. */
  public long array(long values) {
    if (values == 0) {
      return 0;
    }
    long size = HEADER + Float.BYTES * values;
    return size < bytes / 2 ? size : (size + bytes - 1) / bytes * bytes;
  }
}
