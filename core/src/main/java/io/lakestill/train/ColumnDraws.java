package io.lakestill.train;

import io.lakestill.error.Errors;
import io.lakestill.objective.Equipment.Draw;
import io.lakestill.objective.Tensor;
import java.util.Arrays;

/**
 * Draws among the columns of a row. What is drawn depends on the given state of a generator and the
 * row's values alone; once made, an instance allocates nothing of its own.
 */
final class ColumnDraws {
  /** Tournaments per value: more than any flatness needs that leaves the last ranks a chance. */
  private static final int ATTEMPTS = 100;

  private int[] columns = new int[0];
  private int[] best = new int[0];
  private long[] sorted = new long[0];

  /** See {@link Draw.Positions}. */
  void positions(int[] to, int rows, Draw.Positions draw, long start) {
    long state = start;
    for (int row = 0; row < rows; row++) {
      shape(draw.below());
      Arrays.setAll(columns, column -> column);
      state = shuffled(to, row * draw.count(), draw.count(), draw.below(), state);
    }
  }

  /** See {@link Draw.OutsideLargest}; of equal values the first is the larger. */
  void outsideLargest(Tensor input, int[] to, Draw.OutsideLargest draw, long start) {
    int width = input.width();
    int rest = width - draw.excluded();
    if (draw.count() > rest) {
      throw Errors.badInput(
          "'%s' needs %d values of '%s' beside the %d largest, but it has %d in all."
              .formatted(draw.name(), draw.count(), draw.input(), draw.excluded(), width));
    }
    best =
        best.length == input.rows() * draw.excluded()
            ? best
            : new int[input.rows() * draw.excluded()];
    Draws.largest(input, best, new Draw.Largest(draw.name(), draw.input(), draw.excluded()));
    long state = start;
    for (int row = 0; row < input.rows(); row++) {
      int first = row * draw.excluded();
      Arrays.sort(best, first, first + draw.excluded());
      shape(width);
      int found = 0;
      for (int column = 0, next = first; column < width; column++) {
        if (next < first + draw.excluded() && best[next] == column) {
          next++;
        } else {
          columns[found++] = column;
        }
      }
      state = shuffled(to, row * draw.count(), draw.count(), rest, state);
    }
  }

  /**
   * See {@link Draw.Tournament}; of equal values the first is the larger. A weight that falls so
   * steeply that tournaments name the same columns again and again ends in the largest ones left.
   */
  void tournament(Tensor input, int[] to, Draw.Tournament draw, long start) {
    int width = input.width();
    if (draw.among() > width || draw.count() > draw.among()) {
      throw Errors.badInput(
          "'%s' needs %d of the %d largest of '%s', which has %d values."
              .formatted(draw.name(), draw.count(), draw.among(), draw.input(), width));
    }
    sorted = sorted.length == width ? sorted : new long[width];
    long state = start;
    for (int row = 0; row < input.rows(); row++) {
      sort(input.data(), row * width);
      int first = row * draw.count();
      int found = 0;
      for (int tries = 0; found < draw.count() && tries < ATTEMPTS * draw.count(); tries++) {
        int one = rank(draw, SplitMix.mix(state += SplitMix.STRIDE));
        int other = rank(draw, SplitMix.mix(state += SplitMix.STRIDE));
        int winner = (int) sorted[Math.min(one, other)];
        if (!contains(to, first, first + found, winner)) {
          to[first + found++] = winner;
        }
      }
      for (int rank = 0; found < draw.count(); rank++) {
        if (!contains(to, first, first + found, (int) sorted[rank])) {
          to[first + found++] = (int) sorted[rank];
        }
      }
    }
  }

  private void shape(int width) {
    columns = columns.length == width ? columns : new int[width];
  }

  /** The first steps of Fisher and Yates' shuffle of {@code columns}; returns the next state. */
  private long shuffled(int[] to, int first, int count, int from, long start) {
    long state = start;
    for (int i = 0; i < count; i++) {
      state += SplitMix.STRIDE;
      int other = i + SplitMix.below(from - i, SplitMix.mix(state));
      int drawn = columns[other];
      columns[other] = columns[i];
      to[first + i] = drawn;
    }
    return state;
  }

  /** Columns by falling value in the low halves; the high halves order them. */
  private void sort(float[] values, int base) {
    for (int column = 0; column < sorted.length; column++) {
      int bits = Float.floatToIntBits(values[base + column] + 0f);
      int rising = bits ^ (bits >> 31 & Integer.MAX_VALUE);
      sorted[column] = (long) ~rising << 32 | column;
    }
    Arrays.sort(sorted);
  }

  /** A rank from 0 by the inverse of {@code P(rank <= r)}, a geometric sum. */
  private static int rank(Draw.Tournament draw, long bits) {
    double uniform = (bits >>> 11) * 0x1.0p-53;
    double whole = -Math.expm1(-1 / draw.flatness());
    double rank = -draw.among() * draw.flatness() * Math.log1p(-uniform * whole);
    return Math.min((int) rank, draw.among() - 1);
  }

  private static boolean contains(int[] values, int from, int to, int value) {
    for (int i = from; i < to; i++) {
      if (values[i] == value) {
        return true;
      }
    }
    return false;
  }
}
