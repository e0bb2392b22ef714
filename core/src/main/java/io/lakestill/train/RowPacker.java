package io.lakestill.train;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.LongPredicate;
import java.util.function.Supplier;

/**
 * Packs rows one by one: on the heap as long as there is room for them, and from then on in a file.
 * To be closed when done or given up; what {@link #finish} gave stays.
 */
public final class RowPacker implements AutoCloseable {
  /** Of an array on the heap: small enough for any collector to move about. */
  private static final int CHUNK_FLOATS = 1 << 16;

  private final int featureWidth;
  private final int targetWidth;
  private final LongPredicate heap;
  private final Supplier<Path> folder;
  private final List<float[]> chunks = new ArrayList<>();
  private Optional<RowFile> file = Optional.empty();
  private int views = 1;
  private int rowsPerChunk = 1;
  private int heapRows;
  private int rows;

  /**
   * @param featureWidth the values of one view's features
   * @param targetWidth the values of one view's target
   * @param heap takes so many bytes of the heap, or says that there is no room for them
   * @param folder of a local disk; asked for when there is no room on the heap
   */
  public RowPacker(int featureWidth, int targetWidth, LongPredicate heap, Supplier<Path> folder) {
    if (featureWidth < 1 || targetWidth < 1) {
      throw new IllegalArgumentException(
          "widths must be positive, are %d and %d".formatted(featureWidth, targetWidth));
    }
    this.featureWidth = featureWidth;
    this.targetWidth = targetWidth;
    this.heap = heap;
    this.folder = folder;
  }

  /**
   * Adds a row, of as many views as those before.
   *
   * @throws io.lakestill.error.LakestillException (exit 75) when the disk is full
   */
  public void add(PackedRow row) {
    if (rows == 0) {
      views = Math.max(1, row.features().length / featureWidth);
      rowsPerChunk = Math.max(1, CHUNK_FLOATS / rowFloats());
    }
    if (row.features().length != views * featureWidth
        || row.targets().length != views * targetWidth) {
      throw new IllegalArgumentException(
          "row %d has %d features and %d targets, not %d and %d"
              .formatted(
                  rows,
                  row.features().length,
                  row.targets().length,
                  views * featureWidth,
                  views * targetWidth));
    }
    if (file.isEmpty() && heapRows == chunks.size() * rowsPerChunk && !grow()) {
      file = Optional.of(new RowFile(folder.get(), featureWidth + targetWidth));
    }
    if (file.isPresent()) {
      spill(row, file.get());
    } else {
      keep(row);
    }
    rows = Math.addExact(rows, 1);
  }

  private int rowFloats() {
    return Math.multiplyExact(views, featureWidth + targetWidth);
  }

  private boolean grow() {
    int floats = rowsPerChunk * rowFloats();
    if (!heap.test((long) Float.BYTES * floats)) {
      return false;
    }
    chunks.add(new float[floats]);
    return true;
  }

  private void keep(PackedRow row) {
    float[] chunk = chunks.get(chunks.size() - 1);
    int at = heapRows % rowsPerChunk * rowFloats();
    for (int view = 0; view < views; view++) {
      System.arraycopy(row.features(), view * featureWidth, chunk, at, featureWidth);
      at += featureWidth;
      System.arraycopy(row.targets(), view * targetWidth, chunk, at, targetWidth);
      at += targetWidth;
    }
    heapRows++;
  }

  private void spill(PackedRow row, RowFile to) {
    for (int view = 0; view < views; view++) {
      to.append(row.features(), view * featureWidth, featureWidth);
      to.append(row.targets(), view * targetWidth, targetWidth);
    }
  }

  /** The rows, whose owner the caller is now. */
  public PackedRows finish() {
    file.ifPresent(RowFile::finish);
    int last = chunks.size() - 1;
    int unused = chunks.size() * rowsPerChunk - heapRows;
    if (unused > 0) {
      float[] chunk = chunks.get(last);
      chunks.set(last, Arrays.copyOf(chunk, chunk.length - unused * rowFloats()));
    }
    PackedRows packed =
        new PackedRows(
            views, featureWidth, targetWidth, rows, heapRows, rowsPerChunk, chunks, file);
    file = Optional.empty();
    return packed;
  }

  @Override
  public void close() {
    file.ifPresent(RowFile::close);
  }
}
