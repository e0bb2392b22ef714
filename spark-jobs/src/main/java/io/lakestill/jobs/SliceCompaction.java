package io.lakestill.jobs;

import io.lakestill.bigdl.JobNames;
import io.lakestill.error.Errors;
import io.lakestill.signal.Content;
import io.lakestill.signal.SignalFile;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalSchema;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.Slice;
import java.util.List;
import org.apache.spark.sql.SparkSession;

/**
 * Writes a slice anew as one generation of files: the rows that live, each with the bytes that it
 * has. No teacher is asked, and what the slice says is the same, so its fingerprint is too.
 *
 * @param smallBytes a file below this size is small
 */
record SliceCompaction(SparkSession spark, SignalTable table, long smallBytes) {
  /** How many times a small one a file should be: four, so that those written are not small. */
  private static final int FULL = 4;

  /** Whether it would be another one afterwards. */
  boolean isNeeded(Slice slice) {
    long small = slice.files().stream().filter(file -> file.bytes() < smallBytes).count();
    return !slice.tombstones().isEmpty() || small > 1;
  }

  /**
   * Whoever calls this has the slice for itself.
   *
   * @param version that holds it
   * @param runId of the run that writes it
   * @param still refuses when the run has lost the slice
   * @throws io.lakestill.error.LakestillException (exit 3) when its files do not hold the rows that
   *     the manifest says
   */
  Slice compact(SignalManifest version, Slice slice, String runId, Runnable still) {
    int number = table.numbers().claim();
    SignalManifest alone = version.only(slice::equals);
    int files = files(slice, smallBytes);
    new JobNames(spark.sparkContext())
        .now(
            "compact %s %s: %d rows into %d files"
                .formatted(table.root(), slice.date().orElse(""), slice.rows(), files));
    List<SignalFile> written =
        slice.rows() == 0 ? List.of() : written(new SignalVersion(table, alone), number, files);
    Slice made =
        new Slice(
            slice.date(),
            number,
            runId,
            slice.fingerprint(),
            slice.inputs(),
            table.named(Content.SIGNALS, number, slice.date(), written),
            slice.quarantine(),
            List.of(),
            0);
    if (made.rows() != slice.rows()) {
      throw Errors.badInput(
          "Signal table '%s' has %d living rows of '%s', its manifest says %d; run verify, then teach again."
              .formatted(table.root(), made.rows(), slice.date().orElse("all"), slice.rows()));
    }
    table.checkFiles(made);
    still.run();
    table.removeLeftovers(made);
    return made;
  }

  /** How many files what lives of it fills. */
  static int files(Slice slice, long smallBytes) {
    // As numbers of 64 bits, bytes times rows would not do for a large slice.
    double living = slice.rows() / (double) Math.max(1, slice.rows() + slice.deadRows());
    return (int) Math.max(1, slice.bytes() * living / (FULL * (double) smallBytes));
  }

  private List<SignalFile> written(SignalVersion version, int number, int files) {
    SignalManifest manifest = version.manifest();
    CompactTask task =
        new CompactTask(
            manifest.schema(),
            manifest.teacher().id(),
            manifest.teacher().sha256(),
            table.folder(Content.SIGNALS, number, manifest.slices().get(0).date()).toString(),
            table.configuration());
    return new KeyedTasks(files)
        .run(version.rows(spark), task, SignalSchema.VIEW_ID).stream()
            .map(TombstoneTask::file)
            .toList();
  }
}
