package io.lakestill.objective.numeric;

import java.io.Serializable;
import java.util.Arrays;

/**
 * Inner products of a vector with chosen rows of a table, and weighted sums of those rows: what a
 * contrast with a memory bank is made of.
 *
 * <p>Rows are fetched eight at a time into a panel, so that a row that lies anywhere in memory is
 * read once for both. Products and sums are in float like the table: of unit rows they are exact to
 * a few 1e-7.
 */
public final class ChosenRows implements Serializable {
  private static final long serialVersionUID = 1L;

  /** How many rows are fetched at once, at most. */
  public static final int BLOCK = 8;

  private static final int COLUMNS = 128;

  private int width;
  private int chunks;
  private transient float[][] panels;
  private transient float[][] vector;
  private transient float[][] sums;

  /** Takes a vector to multiply rows by, and starts a sum of rows at zero. */
  public void start(double[] values, int at, int width) {
    if (panels == null || panels.length * COLUMNS < width) {
      int needed = (width + COLUMNS - 1) / COLUMNS;
      panels = new float[needed][BLOCK * COLUMNS];
      vector = new float[needed][COLUMNS];
      sums = new float[needed][COLUMNS];
    } else if (width != this.width) {
      for (float[] part : vector) {
        // Columns beyond the width must not count.
        Arrays.fill(part, 0f);
      }
    }
    this.width = width;
    this.chunks = (width + COLUMNS - 1) / COLUMNS;
    for (int i = 0; i < width; i++) {
      vector[i / COLUMNS][i % COLUMNS] = (float) values[at + i];
    }
    for (int chunk = 0; chunk < chunks; chunk++) {
      Arrays.fill(sums[chunk], 0f);
    }
  }

  /** Fetches {@code count} rows of the table, those of {@code chosen[from...]}. */
  public void fetch(float[] table, int[] chosen, int from, int count) {
    for (int chunk = 0; chunk < chunks; chunk++) {
      int first = chunk * COLUMNS;
      int columns = Math.min(COLUMNS, width - first);
      for (int i = 0; i < count; i++) {
        int at = chosen[from + i] * width + first;
        System.arraycopy(table, at, panels[chunk], i * COLUMNS, columns);
      }
    }
  }

  /** Puts the products of the vector with the fetched rows into {@code out[0..BLOCK)}. */
  public void products(double[] out) {
    Arrays.fill(out, 0, BLOCK, 0.0);
    for (int chunk = 0; chunk < chunks; chunk++) {
      addProducts(panels[chunk], 0, vector[chunk], out);
      addProducts(panels[chunk], BLOCK / 2, vector[chunk], out);
    }
  }

  /** Four rows at once, two sums each, so that an addition need not wait for the one before it. */
  private static void addProducts(float[] panel, int row, float[] vector, double[] out) {
    int first = row * COLUMNS;
    float even0 = 0;
    float even1 = 0;
    float even2 = 0;
    float even3 = 0;
    float odd0 = 0;
    float odd1 = 0;
    float odd2 = 0;
    float odd3 = 0;
    for (int d = 0; d < COLUMNS; d += 2) {
      float even = vector[d];
      float odd = vector[d + 1];
      int at = first + d;
      even0 += even * panel[at];
      odd0 += odd * panel[at + 1];
      even1 += even * panel[at + COLUMNS];
      odd1 += odd * panel[at + COLUMNS + 1];
      even2 += even * panel[at + 2 * COLUMNS];
      odd2 += odd * panel[at + 2 * COLUMNS + 1];
      even3 += even * panel[at + 3 * COLUMNS];
      odd3 += odd * panel[at + 3 * COLUMNS + 1];
    }
    out[row] += even0 + odd0;
    out[row + 1] += even1 + odd1;
    out[row + 2] += even2 + odd2;
    out[row + 3] += even3 + odd3;
  }

  /** Adds the fetched rows to the sum with {@code weights[0..BLOCK)}, 0 for those not fetched. */
  public void add(double[] weights) {
    for (int chunk = 0; chunk < chunks; chunk++) {
      add(
          (float) weights[0],
          (float) weights[1],
          (float) weights[2],
          (float) weights[3],
          (float) weights[4],
          (float) weights[5],
          (float) weights[6],
          (float) weights[7],
          panels[chunk],
          sums[chunk]);
    }
  }

  private static void add(
      float w0,
      float w1,
      float w2,
      float w3,
      float w4,
      float w5,
      float w6,
      float w7,
      float[] panel,
      float[] sums) {
    for (int j = 0; j < COLUMNS; j++) {
      sums[j] +=
          w0 * panel[j]
              + w1 * panel[j + COLUMNS]
              + w2 * panel[j + 2 * COLUMNS]
              + w3 * panel[j + 3 * COLUMNS]
              + w4 * panel[j + 4 * COLUMNS]
              + w5 * panel[j + 5 * COLUMNS]
              + w6 * panel[j + 6 * COLUMNS]
              + w7 * panel[j + 7 * COLUMNS];
    }
  }

  /** Adds the sum of rows to {@code out[at...]}. */
  public void finish(double[] out, int at) {
    for (int i = 0; i < width; i++) {
      out[at + i] += sums[i / COLUMNS][i % COLUMNS];
    }
  }
}
