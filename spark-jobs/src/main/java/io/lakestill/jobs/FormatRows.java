package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;

import io.lakestill.bigdl.JobNames;
import io.lakestill.error.Errors;
import io.lakestill.signal.RowStore;
import io.lakestill.signal.RowSums;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.Slice;
import io.lakestill.signal.StoredRows;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Rows that lie in a table of another format. Its head is pinned once, and the sums of every slice
 * are compared with the manifest's: whatever maintenance has done to files and snapshots since,
 * rows that are the same are read there. A slice that a later commit of Lakestill has moved on is
 * read from the snapshot in which it was committed; one that somebody else has changed is refused.
 */
final class FormatRows implements VersionRows {
  private static final String TEACH =
      "Restore what was lost, or run teach again: what is not sound is taught anew.";

  private final SignalTable table;
  private final SignalManifest manifest;
  private final RowStore store;
  private final RowChecksum checksum;
  private Optional<Found> found = Optional.empty();

  /**
   * @param snapshots where the rows of each slice are, as far as they are sound
   * @param faults what is wrong with the others
   */
  private record Found(Map<Slice, String> snapshots, List<String> faults) {}

  FormatRows(SignalTable table, SignalManifest manifest) {
    this.table = table;
    this.manifest = manifest;
    this.store = manifest.store().orElseThrow();
    this.checksum = RowChecksum.of(manifest);
  }

  @Override
  public Dataset<Row> living(SparkSession spark) {
    Found rows = found(spark);
    if (!rows.faults().isEmpty()) {
      throw Errors.badInput(String.join(" ", rows.faults()));
    }
    FormatTable of = FormatTable.of(spark, store);
    Map<String, List<Slice>> bySnapshot = new LinkedHashMap<>();
    rows.snapshots()
        .forEach(
            (slice, snapshot) ->
                bySnapshot.computeIfAbsent(snapshot, none -> new ArrayList<>()).add(slice));
    Column[] columns =
        manifest.schema().columns().stream().map(name -> col(name)).toArray(Column[]::new);
    return bySnapshot.entrySet().stream()
        .map(same -> slices(of.at(same.getKey()), same.getValue()).select(columns))
        .reduce(Dataset::unionByName)
        .orElseThrow(
            () ->
                Errors.badInput(
                    "Version %d of the signals in '%s' has no rows; teach again."
                        .formatted(manifest.version(), table.root())));
  }

  private static Dataset<Row> slices(Dataset<Row> all, List<Slice> slices) {
    Object[] dates = slices.stream().flatMap(slice -> slice.date().stream()).toArray();
    return dates.length == 0 ? all : all.where(col(RowStore.DATE).isin(dates));
  }

  @Override
  public List<String> faults(SparkSession spark, TableCheck.Depth depth) {
    return switch (depth) {
      case FOOTERS -> FormatTable.of(spark, store).exists() ? List.of() : List.of(noTable());
      case BYTES -> found(spark).faults();
    };
  }

  @Override
  public String place() {
    return store.toString();
  }

  private synchronized Found found(SparkSession spark) {
    if (found.isEmpty()) {
      new JobNames(spark.sparkContext()).now("check " + store);
      found = Optional.of(find(FormatTable.of(spark, store)));
    }
    return found.get();
  }

  private Found find(FormatTable of) {
    Found result = new Found(new LinkedHashMap<>(), new ArrayList<>());
    if (!of.exists()) {
      result.faults().add(noTable());
      return result;
    }
    FormatHead.Scope scope = isWhole() ? FormatHead.Scope.EVERYTHING : FormatHead.Scope.SLICES;
    FormatHead head = FormatHead.of(of, manifest, scope);
    for (Slice slice : manifest.slices()) {
      StoredRows expected = slice.stored().orElseThrow();
      boolean empty = expected.sums().rows() == 0;
      if (head.has(expected, slice.date())) {
        if (!empty) {
          result.snapshots().put(slice, head.snapshot().orElseThrow());
        }
      } else if (head.isMovedOn(expected, slice.date())) {
        if (!empty) {
          ownSnapshot(of, slice, result);
        }
      } else {
        result.faults().add(changed(of, slice, head));
      }
    }
    if (scope == FormatHead.Scope.EVERYTHING) {
      head.strays(manifest).forEach(date -> result.faults().add(stray(date)));
    }
    return result;
  }

  /** Of a part of the slices only, the rows of others say nothing. */
  private boolean isWhole() {
    return table.manifest(manifest.version()).slices().size() == manifest.slices().size();
  }

  private void ownSnapshot(FormatTable of, Slice slice, Found result) {
    StoredRows expected = slice.stored().orElseThrow();
    try {
      RowSums there = checksum.of(of.at(expected.snapshot(), slice.date()));
      if (there.equals(expected.sums())) {
        result.snapshots().put(slice, expected.snapshot());
      } else {
        result
            .faults()
            .add(
                "%s of %s was moved on by a later run, and in its own snapshot %s there are %s where the manifest says %s. %s"
                    .formatted(
                        shown(slice.date()),
                        store,
                        expected.snapshot(),
                        there,
                        expected.sums(),
                        TEACH));
      }
    } catch (Exception e) { // Spark's Scala throws checked exceptions that it does not declare.
      result
          .faults()
          .add(
              "%s of %s cannot be read from snapshot %s: %s. %s"
                  .formatted(shown(slice.date()), store, expected.snapshot(), reason(e), TEACH));
    }
  }

  private String changed(FormatTable of, Slice slice, FormatHead head) {
    StoredRows expected = slice.stored().orElseThrow();
    String what = shown(slice.date()) + " of " + store;
    boolean untouched = of.isUntouchedSince(expected.snapshot(), slice.date());
    String found =
        head.failure(slice.date())
            .map(failure -> "cannot be read: " + reason(failure))
            .orElseGet(
                () ->
                    "%s: there are %s, the manifest says %s"
                        .formatted(
                            untouched ? "is damaged" : "was changed, and not by Lakestill",
                            head.sums(slice.date()),
                            expected.sums()));
    String remedy =
        untouched
            ? "Nobody has written to it since, so its files are damaged. Restore them, or run DELETE FROM %s%s in SQL and then teach again."
                .formatted(
                    store.table(),
                    slice
                        .date()
                        .map(date -> " WHERE %s = '%s'".formatted(RowStore.DATE, date))
                        .orElse(""))
            : "Its history names who did it; go back to snapshot %s, or run teach again, which puts the teacher's own rows in their place."
                .formatted(expected.snapshot());
    return "%s %s. %s".formatted(what, found, remedy);
  }

  private static String reason(Exception failure) {
    return FormatFailures.unreadable(failure)
        .orElseThrow(() -> SparkFailures.worded(failure, "check"));
  }

  private String stray(Optional<String> date) {
    return "%s is in %s and in no version of the signal table: somebody else added it. Delete its rows there."
        .formatted(shown(date), store);
  }

  private String noTable() {
    return "There is no %s in this session's catalogs; correct them, or run teach again if it was dropped."
        .formatted(store);
  }

  private static String shown(Optional<String> date) {
    return date.map(day -> "Slice dt=" + day).orElse("What the teacher said");
  }
}
