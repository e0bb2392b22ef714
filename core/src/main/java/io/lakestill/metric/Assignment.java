package io.lakestill.metric;

import java.util.Arrays;

/**
 * The one-to-one assignment of rows to columns with the largest sum: the Hungarian method, which
 * adds row after row along a shortest augmenting path and keeps potentials, in {@code O(n^3)}.
 *
 * <p>Sources: Kuhn, "The Hungarian Method for the Assignment Problem", 1955; the form with
 * potentials is that of Jonker and Volgenant, "A Shortest Augmenting Path Algorithm", 1987.
 */
final class Assignment {
  private final long[][] worth;
  private final int size;
  private final long[] rowPotential;
  private final long[] columnPotential;

  /** The row of each column; row 0 is the one on its way, rows and columns count from 1. */
  private final int[] rowOf;

  private final int[] cameFrom;

  private Assignment(long[][] worth) {
    this.worth = worth;
    this.size = worth.length;
    this.rowPotential = new long[size + 1];
    this.columnPotential = new long[size + 1];
    this.rowOf = new int[size + 1];
    this.cameFrom = new int[size + 1];
  }

  /**
   * @param worth {@code [n, n]}, whole numbers whose sums are exact
   * @return for each row its column
   */
  static int[] best(long[][] worth) {
    Assignment assignment = new Assignment(worth);
    for (int row = 1; row <= worth.length; row++) {
      assignment.add(row);
    }
    int[] columns = new int[worth.length];
    for (int column = 1; column <= worth.length; column++) {
      columns[assignment.rowOf[column] - 1] = column - 1;
    }
    return columns;
  }

  private void add(int row) {
    rowOf[0] = row;
    long[] distance = new long[size + 1];
    boolean[] done = new boolean[size + 1];
    Arrays.fill(distance, Long.MAX_VALUE);
    int column = 0;
    do {
      done[column] = true;
      reach(column, distance, done);
      int nearest = nearest(distance, done);
      shift(distance[nearest], distance, done);
      column = nearest;
    } while (rowOf[column] != 0);
    while (column != 0) {
      rowOf[column] = rowOf[cameFrom[column]];
      column = cameFrom[column];
    }
  }

  private void reach(int from, long[] distance, boolean[] done) {
    int row = rowOf[from];
    for (int column = 1; column <= size; column++) {
      long reduced = -worth[row - 1][column - 1] - rowPotential[row] - columnPotential[column];
      if (!done[column] && reduced < distance[column]) {
        distance[column] = reduced;
        cameFrom[column] = from;
      }
    }
  }

  private int nearest(long[] distance, boolean[] done) {
    int nearest = 0;
    for (int column = 1; column <= size; column++) {
      if (!done[column] && (nearest == 0 || distance[column] < distance[nearest])) {
        nearest = column;
      }
    }
    return nearest;
  }

  private void shift(long by, long[] distance, boolean[] done) {
    for (int column = 0; column <= size; column++) {
      if (done[column]) {
        rowPotential[rowOf[column]] += by;
        columnPotential[column] -= by;
      } else if (column > 0) {
        distance[column] -= by;
      }
    }
  }
}
