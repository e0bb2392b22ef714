package io.lakestill.objective.numeric;

import java.io.Serializable;
import java.util.Arrays;

/**
 * An order in which to fetch chosen rows of a large table: by segments of it that a second-level
 * cache holds, so that a row of a segment comes from memory once for all who chose it.
 */
public final class TableSegments implements Serializable {
  private static final long serialVersionUID = 1L;

  /** A megabyte of floats. */
  private static final int SEGMENT = 1 << 18;

  private int segments;
  private int shift;
  private transient int[] order;
  private transient int[] starts;

  /**
   * Orders the choices {@code chosen: [choosers, each]} of rows of a table.
   *
   * @param width the values of a row
   */
  public void sort(int[] chosen, int choosers, int each, int tableRows, int width) {
    // A power of two of rows, because a shift is cheaper than a division.
    shift = 31 - Integer.numberOfLeadingZeros(Math.max(1, SEGMENT / width));
    segments = ((tableRows - 1) >> shift) + 1;
    if (order == null || order.length < choosers * each) {
      order = new int[choosers * each];
    }
    int bounds = segments + 1;
    if (starts == null || starts.length < choosers * bounds + 1) {
      starts = new int[choosers * bounds + 1];
    }
    for (int chooser = 0; chooser < choosers; chooser++) {
      int first = chooser * each;
      int at = chooser * bounds;
      Arrays.fill(starts, at, at + bounds + 1, 0);
      for (int i = first; i < first + each; i++) {
        starts[at + (chosen[i] >> shift) + 1]++;
      }
      starts[at] = first;
      for (int segment = 1; segment < bounds; segment++) {
        starts[at + segment] += starts[at + segment - 1];
      }
      for (int i = first; i < first + each; i++) {
        order[starts[at + (chosen[i] >> shift)]++] = chosen[i];
      }
      // Each start has moved to the next one's place.
      System.arraycopy(starts, at, starts, at + 1, segments);
      starts[at] = first;
    }
  }

  public int segments() {
    return segments;
  }

  /** The choices in their order; a chooser's of one segment lie together. */
  public int[] chosen() {
    return order;
  }

  /** Where a chooser's choices in a segment begin; they end where those in the next begin. */
  public int start(int chooser, int segment) {
    return starts[chooser * (segments + 1) + segment];
  }
}
