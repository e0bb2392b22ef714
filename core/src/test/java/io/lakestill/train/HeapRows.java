package io.lakestill.train;

import java.nio.file.Path;
import java.util.List;

/** Rows that are all in memory. */
public final class HeapRows {
  private HeapRows() {}

  /** Of one view each. */
  public static PackedRows of(List<PackedRow> rows) {
    return of(rows.get(0).features().length, rows.get(0).targets().length, rows);
  }

  public static PackedRows of(int featureWidth, int targetWidth, List<PackedRow> rows) {
    return pack(featureWidth, targetWidth, rows, Path.of("/nowhere"), Long.MAX_VALUE);
  }

  /** With so many bytes in memory, the rest in a file of a folder. */
  public static PackedRows spilled(
      int featureWidth, int targetWidth, List<PackedRow> rows, Path folder, long memory) {
    return pack(featureWidth, targetWidth, rows, folder, memory);
  }

  private static PackedRows pack(
      int featureWidth, int targetWidth, List<PackedRow> rows, Path folder, long memory) {
    long[] left = {memory};
    try (RowPacker packer =
        new RowPacker(featureWidth, targetWidth, bytes -> (left[0] -= bytes) >= 0, () -> folder)) {
      rows.forEach(packer::add);
      return packer.finish();
    }
  }
}
