package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.io.Sha256;
import io.lakestill.signal.Content;
import io.lakestill.signal.RowStore;
import io.lakestill.signal.RowSums;
import io.lakestill.signal.SignalFile;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalSchema;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.Slice;
import io.lakestill.signal.StoredRows;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.parquet.ParquetToSparkSchemaConverter;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rows go into a table of another format, a slice by one commit of that format, before the version
 * that says so. Until {@code CURRENT} names that version, its readers take the slice as it was from
 * the snapshot before; a run that dies in between is healed by the next, which puts the whole slice
 * in the place of whatever it finds.
 *
 * @param table the table of another format
 * @param commit of the signal table
 */
record FormatSlices(SparkSession spark, FormatTable table, TableCommit commit)
    implements SliceStore {
  private static final Logger LOG = LoggerFactory.getLogger(FormatSlices.class);

  static FormatSlices of(SparkSession spark, RowStore store, TableCommit commit) {
    FormatTable table = FormatTable.of(spark, store);
    table.requireOurs(root(commit.table()));
    return new FormatSlices(spark, table, commit);
  }

  /** Where a signal table is, as the table of another format remembers it. */
  static String root(SignalTable signals) {
    try {
      return signals
          .root()
          .getFileSystem(signals.configuration())
          .makeQualified(signals.root())
          .toString();
    } catch (IOException e) {
      throw StorageFaults.worded("'%s' cannot be reached".formatted(signals.root()), e);
    }
  }

  @Override
  public void requireThere(SignalManifest version, Slice slice) {
    commit.table().checkFiles(slice);
    StoredRows rows = slice.stored().orElseThrow();
    if (!table.generation().equals(Optional.of(rows.generation()))) {
      throw Errors.badInput(
          "The %s is not the one that version %d was committed to."
              .formatted(table.store(), version.version()));
    }
    if (!table.isUntouchedSince(rows.snapshot(), slice.date())
        && !write(version, slice, rows.generation()).isAtHead(rows)) {
      throw Errors.badInput(
          "The %s is not as version %d says.".formatted(table.store(), version.version()));
    }
  }

  private FormatWrite write(SignalManifest version, Slice slice, String generation) {
    return new FormatWrite(table, generation, slice, RowChecksum.of(version));
  }

  @Override
  public SignalManifest place(
      SignalManifest staged,
      Optional<SignalManifest> seen,
      TeachIncrement increment,
      Runnable still) {
    Slice slice = staged.slices().get(0);
    commit.table().checkFiles(slice);
    still.run();
    Dataset<Row> fresh = rows(staged);
    FormatWrite write = write(staged, slice, generation(staged, seen, fresh.schema(), still));
    RowSums added = write.checksum().of(fresh);
    StoredRows stored =
        increment.base().isPresent()
            ? changed(write, fresh, added, increment)
            : write.replace(fresh, added.rows(), added);
    Slice placed = slice.in(stored);
    still.run();
    commit.table().removeLeftovers(placed);
    return staged.in(table.store(), List.of(placed));
  }

  /** What the tasks of this run wrote. */
  private Dataset<Row> rows(SignalManifest staged) {
    List<String> files = commit.table().dataFiles(staged);
    return files.isEmpty()
        ? spark.createDataFrame(List.of(), columns(staged))
        : LakeTable.files(spark, files);
  }

  private StructType columns(SignalManifest version) {
    return new ParquetToSparkSchemaConverter(spark.sessionState().conf())
        .convert(version.schema().parquet())
        .asNullable();
  }

  /**
   * Of the table, which is made when there is none for rows of this kind. One run at a time does
   * that, and only one that may begin the signal table anew.
   */
  private String generation(
      SignalManifest staged, Optional<SignalManifest> seen, StructType columns, Runnable still) {
    String root = root(commit.table());
    String kind = Sha256.of(staged.basis().orElseThrow() + "\n" + staged.signals());
    try (RunLease lease = commit.leases().commit()) {
      table.requireOurs(root);
      Optional<String> made = table.exists() ? table.generation(kind) : Optional.empty();
      if (made.isPresent()) {
        return made.get();
      }
      commit.requireMayBegin(staged, seen);
      still.run();
      lease.requireHeld();
      String generation = UUID.randomUUID().toString();
      table.make(
          new FormatDefinition(
              columns,
              staged.dates().isEmpty() ? FormatDefinition.Dates.NONE : FormatDefinition.Dates.SOME,
              root,
              kind,
              generation));
      return generation;
    }
  }

  /** What is new beside what is kept; nothing is written when neither is another. */
  private StoredRows changed(
      FormatWrite write, Dataset<Row> fresh, RowSums added, TeachIncrement increment) {
    SignalVersion base = increment.base().orElseThrow();
    List<SignalFile> buried = write.slice().tombstones();
    StoredRows before = base.manifest().slices().get(0).stored().orElseThrow();
    if (buried.isEmpty() && write.isAtHead(before)) {
      return added.rows() == 0
          ? new StoredRows(before.generation(), before.snapshot(), 0, before.sums())
          : write.append(fresh, added, before.sums().plus(added));
    }
    Dataset<Row> kept = buried.isEmpty() ? base.rows(spark) : without(base.rows(spark), buried);
    RowSums sums = write.checksum().of(kept);
    if (sums.rows() != before.sums().rows() - increment.deadRows()) {
      throw new IllegalStateException(
          "%d rows of %s are kept of %d, of which %d are dead"
              .formatted(sums.rows(), table.store(), before.sums().rows(), increment.deadRows()));
    }
    return write.replace(kept.unionByName(fresh), added.rows(), sums.plus(added));
  }

  private Dataset<Row> without(Dataset<Row> rows, List<SignalFile> buried) {
    List<String> files =
        buried.stream()
            .map(file -> new Path(commit.table().root(), file.name()).toString())
            .toList();
    String id = SignalSchema.SAMPLE_ID;
    Dataset<Row> dead = LakeTable.files(spark, files).select(id);
    return rows.join(dead, rows.col(id).equalTo(dead.col(id)), "left_anti");
  }

  /** The files of this run alone: nobody else has its number. */
  @Override
  public void clear(Slice slice) {
    SignalTable signals = commit.table();
    for (Content content : List.of(Content.SIGNALS, Content.TOMBSTONES)) {
      Path folder = signals.folder(content, slice.number(), Optional.empty());
      try {
        folder.getFileSystem(signals.configuration()).delete(folder, true);
      } catch (IOException e) {
        LOG.warn("event=staging-left folder={} reason=\"{}\"", folder, e.getMessage());
      }
    }
  }

  @Override
  public void drop(SignalManifest version, Slice slice) {
    Optional<String> generation = slice.stored().map(StoredRows::generation);
    if (generation.isPresent() && table.generation().equals(generation)) {
      write(version, slice, generation.get())
          .replace(spark.createDataFrame(List.of(), columns(version)), 0, RowSums.NONE);
    }
  }
}
