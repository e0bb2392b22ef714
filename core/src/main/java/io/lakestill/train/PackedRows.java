package io.lakestill.train;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;

/**
 * The training rows of one node, decoded and packed, from the first step to the last: a step is
 * bulk copies and nothing else. The first rows lie on the heap, the rest in a file of the local
 * disk; which of them lie where changes nothing but the time it takes. Made by {@link RowPacker}.
 *
 * <p>A row is a record per view, {@code [featureWidth]} and then {@code [targetWidth]} floats, so
 * that a shuffled row is one copy or one read. On the heap, records lie in many arrays, so that
 * there may be more than the 2³¹ values of one.
 */
public final class PackedRows implements AutoCloseable {
  private final int views;
  private final int featureWidth;
  private final int targetWidth;
  private final int rows;
  private final int heapRows;
  private final int rowsPerChunk;
  private final float[][] chunks;
  private final Optional<RowFile> file;

  PackedRows(
      int views,
      int featureWidth,
      int targetWidth,
      int rows,
      int heapRows,
      int rowsPerChunk,
      List<float[]> chunks,
      Optional<RowFile> file) {
    this.views = views;
    this.featureWidth = featureWidth;
    this.targetWidth = targetWidth;
    this.rows = rows;
    this.heapRows = heapRows;
    this.rowsPerChunk = rowsPerChunk;
    this.chunks = chunks.toArray(float[][]::new);
    this.file = file;
  }

  public int rows() {
    return rows;
  }

  /** The views of each row. */
  public int views() {
    return views;
  }

  /** The values of one view's features. */
  public int featureWidth() {
    return featureWidth;
  }

  /** The values of one view's target, laid out by {@link RowLayout}. */
  public int targetWidth() {
    return targetWidth;
  }

  /** The bytes of the values on the heap. */
  public long heapBytes() {
    return bytes(heapRows);
  }

  /** The bytes of the values in the file. */
  public long diskBytes() {
    return bytes(rows - heapRows);
  }

  private long bytes(int some) {
    return 4L * some * views * record();
  }

  private int record() {
    return featureWidth + targetWidth;
  }

  /**
   * Copies one view of one row into slot {@code slot} of a batch's two arrays.
   *
   * @throws io.lakestill.error.LakestillException (exit 75) when it cannot be read from the disk
   */
  public void copy(int row, int view, float[] batchFeatures, float[] batchTargets, int slot) {
    if (row < heapRows) {
      float[] chunk = chunks[row / rowsPerChunk];
      int at = (row % rowsPerChunk * views + view) * record();
      System.arraycopy(chunk, at, batchFeatures, slot * featureWidth, featureWidth);
      System.arraycopy(chunk, at + featureWidth, batchTargets, slot * targetWidth, targetWidth);
    } else {
      FloatBuffer values = spilled().read(numberInFile(row, view));
      values.get(batchFeatures, slot * featureWidth, featureWidth);
      values.get(batchTargets, slot * targetWidth, targetWidth);
    }
  }

  /** One value of the target of a row's first view. */
  public float target(int row, int at) {
    return row < heapRows
        ? chunks[row / rowsPerChunk][row % rowsPerChunk * views * record() + featureWidth + at]
        : spilled().read(numberInFile(row, 0)).get(featureWidth + at);
  }

  private RowFile spilled() {
    return file.orElseThrow(() -> new IndexOutOfBoundsException("there are " + rows + " rows"));
  }

  private long numberInFile(int row, int view) {
    return (long) (row - heapRows) * views + view;
  }

  /** Frees the disk; nothing can be read from there afterwards. */
  @Override
  public void close() {
    file.ifPresent(RowFile::close);
  }
}
