package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.xxhash64;

import io.lakestill.bigdl.JobNames;
import io.lakestill.error.Errors;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalRow;
import io.lakestill.signal.SignalSchema;
import io.lakestill.signal.codec.Codec;
import io.lakestill.signal.codec.Dense16;
import io.lakestill.signal.codec.Dense32;
import java.io.Serializable;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Some rows of a signal table with all their logits, on the driver.
 *
 * @param classes the width of a row
 * @param cells in the order of their keys
 * @param logits {@code [rows, classes]}
 */
@SuppressWarnings("ArrayRecordComponent") // Compared by nobody.
record LogitsSample(int classes, List<Cell> cells, float[] logits) {

  /** What else is known of a row. */
  record Cell(String sampleId, int viewId, String contentHash, OptionalInt label) {}

  /**
   * The rows whose keys have the smallest hashes, so the same ones whatever the files.
   *
   * @param atMost that many, if the table has them
   * @throws io.lakestill.error.LakestillException (exit 3) when the table has no rows, or not all
   *     of their logits as the teacher gave them
   */
  static LogitsSample of(SparkSession spark, SignalVersion version, int atMost) {
    SignalColumn column = version.manifest().column(SignalColumn.LOGITS);
    requireAll(version, column.codec());
    new JobNames(spark.sparkContext()).now("sample " + version.table().root());
    Dataset<Row> rows =
        version
            .rows(spark)
            .select(
                SignalSchema.SAMPLE_ID,
                SignalSchema.VIEW_ID,
                SignalSchema.CONTENT_HASH,
                SignalSchema.LABEL,
                SignalColumn.LOGITS)
            .orderBy(
                xxhash64(col(SignalSchema.SAMPLE_ID), col(SignalSchema.VIEW_ID)),
                col(SignalSchema.SAMPLE_ID),
                col(SignalSchema.VIEW_ID))
            .limit(atMost);
    List<Decoded> taken =
        rows
            .queryExecution()
            .toRdd()
            .toJavaRDD()
            .map(new Decoding(column.codec(), column.width()))
            .collect()
            .stream()
            .sorted(Comparator.comparing(Decoded::sampleId).thenComparing(Decoded::viewId))
            .toList();
    if (taken.isEmpty()) {
      throw Errors.badInput(
          "Version %d of the signals in '%s' has no rows to audit; teach again."
              .formatted(version.manifest().version(), version.table().root()));
    }
    float[] logits = new float[taken.size() * column.width()];
    for (int row = 0; row < taken.size(); row++) {
      System.arraycopy(taken.get(row).logits, 0, logits, row * column.width(), column.width());
    }
    return new LogitsSample(column.width(), taken.stream().map(Decoded::cell).toList(), logits);
  }

  private static void requireAll(SignalVersion version, Codec codec) {
    if (!(codec instanceof Dense32 || codec instanceof Dense16)) {
      throw Errors.badInput(
          ("Version %d of the signals in '%s' stores logits by %s, and what that lost cannot be"
                  + " told from it. An audit needs all logits: teach some rows into another output"
                  + " with signals.codecs.logits = dense32, and audit that table.")
              .formatted(version.manifest().version(), version.table().root(), codec.type()));
    }
  }

  int rows() {
    return cells.size();
  }

  /**
   * The rows to write with other signals in the place of theirs.
   *
   * @param signals for each column {@code [rows, width]}
   */
  List<SignalRow> rows(float[][] signals) {
    return IntStream.range(0, rows())
        .mapToObj(
            row -> {
              Cell cell = cells.get(row);
              return new SignalRow(
                  cell.sampleId(), cell.viewId(), cell.contentHash(), cell.label(), signals, row);
            })
        .toList();
  }

  /** A row on its way from Spark. */
  private static final class Decoded implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String sampleId;
    private final int viewId;
    private final String contentHash;
    private final int label;
    private final float[] logits;

    /**
     * @param label -1 when it has none
     */
    Decoded(String sampleId, int viewId, String contentHash, int label, float[] logits) {
      this.sampleId = sampleId;
      this.viewId = viewId;
      this.contentHash = contentHash;
      this.label = label;
      this.logits = logits;
    }

    String sampleId() {
      return sampleId;
    }

    int viewId() {
      return viewId;
    }

    Cell cell() {
      return new Cell(
          sampleId, viewId, contentHash, label < 0 ? OptionalInt.empty() : OptionalInt.of(label));
    }
  }

  private record Decoding(Codec codec, int width) implements Function<InternalRow, Decoded> {
    @Override
    public Decoded call(InternalRow row) {
      float[] logits = new float[width];
      SignalCell.decode(row, 4, codec, logits, 0, width);
      return new Decoded(
          row.getUTF8String(0).toString(),
          row.getInt(1),
          row.getUTF8String(2).toString(),
          row.isNullAt(3) ? -1 : row.getInt(3),
          logits);
    }
  }
}
