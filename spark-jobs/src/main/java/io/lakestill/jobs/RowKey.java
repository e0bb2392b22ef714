package io.lakestill.jobs;

import java.io.Serializable;
import java.util.Comparator;

/**
 * Where an example stands among the packed rows: its split, then a hash of its key, so that
 * neighbours in the table (one day, one class) are spread, then the key itself. A total order that
 * depends on nothing but the key, whatever the order of the table or the number of partitions.
 *
 * @param split of the example
 * @param hash of {@code sampleId}
 * @param sampleId the example's key
 */
record RowKey(Split split, long hash, String sampleId) implements Comparable<RowKey>, Serializable {
  private static final Comparator<RowKey> ORDER =
      Comparator.comparing(RowKey::split)
          .thenComparingLong(RowKey::hash)
          .thenComparing(RowKey::sampleId);

  static RowKey of(Split split, String sampleId) {
    return new RowKey(split, hash(sampleId), sampleId);
  }

  /** FNV-1a over the UTF-16 units, then the finaliser of splitmix64 for an even spread. */
  private static long hash(String text) {
    long hash = 0xCBF29CE484222325L;
    for (int i = 0; i < text.length(); i++) {
      hash = (hash ^ text.charAt(i)) * 0x100000001B3L;
    }
    hash = (hash ^ (hash >>> 30)) * 0xBF58476D1CE4E5B9L;
    hash = (hash ^ (hash >>> 27)) * 0x94D049BB133111EBL;
    return hash ^ (hash >>> 31);
  }

  @Override
  public int compareTo(RowKey other) {
    return ORDER.compare(this, other);
  }
}
