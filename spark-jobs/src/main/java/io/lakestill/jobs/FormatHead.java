package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;

import io.lakestill.signal.RowStore;
import io.lakestill.signal.RowSums;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.Slice;
import io.lakestill.signal.StoredRows;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** What readers of a table of another format see at one moment, as sums over each slice. */
final class FormatHead {
  private final FormatTable table;
  private final Optional<String> generation;
  private final Optional<String> snapshot;
  private final Map<Optional<String>, RowSums> sums = new HashMap<>();
  private final Map<Optional<String>, Exception> failures = new HashMap<>();
  private Optional<List<FormatTable.Committed>> marks = Optional.empty();

  private FormatHead(FormatTable table) {
    this.table = table;
    this.generation = table.generation();
    this.snapshot = table.head();
  }

  /**
   * @param manifest whose slices are looked at
   * @param scope whether to look at all others as well
   */
  static FormatHead of(FormatTable table, SignalManifest manifest, Scope scope) {
    FormatHead head = new FormatHead(table);
    boolean alike =
        manifest.slices().stream()
            .flatMap(slice -> slice.stored().stream())
            .anyMatch(rows -> head.generation.equals(Optional.of(rows.generation())));
    if (alike) {
      head.snapshot.ifPresent(at -> head.read(at, manifest, scope));
    }
    return head;
  }

  /** Which rows are looked at. */
  enum Scope {
    /** Those of the slices of a manifest. */
    SLICES,
    /** All of them. */
    EVERYTHING
  }

  private void read(String at, SignalManifest manifest, Scope scope) {
    RowChecksum checksum = RowChecksum.of(manifest);
    try {
      if (manifest.dates().isEmpty()) {
        sums.put(Optional.empty(), checksum.of(table.at(at)));
      } else {
        Dataset<Row> all = table.at(at);
        Object[] dates = manifest.dates().toArray();
        sums.putAll(
            checksum.byDate(
                scope == Scope.EVERYTHING ? all : all.where(col(RowStore.DATE).isin(dates))));
      }
    } catch (Exception e) { // Spark's Scala throws checked exceptions that it does not declare.
      sums.clear();
      manifest.slices().forEach(slice -> readAlone(at, slice, checksum));
    }
  }

  /** So that what cannot be read is named. */
  private void readAlone(String at, Slice slice, RowChecksum checksum) {
    try {
      sums.put(slice.date(), checksum.of(table.at(at, slice.date())));
    } catch (Exception e) { // Spark's Scala throws checked exceptions that it does not declare.
      failures.put(slice.date(), e);
    }
  }

  /** Which one it is; empty when nothing was ever committed. */
  Optional<String> snapshot() {
    return snapshot;
  }

  /** Of the rows of a slice. */
  RowSums sums(Optional<String> date) {
    return sums.getOrDefault(date, RowSums.NONE);
  }

  /** Why the rows of a slice could not be read. */
  Optional<Exception> failure(Optional<String> date) {
    return Optional.ofNullable(failures.get(date));
  }

  boolean has(StoredRows expected, Optional<String> date) {
    return generation.equals(Optional.of(expected.generation()))
        && !failures.containsKey(date)
        && sums(date).equals(expected.sums());
  }

  /** Whether a later commit of Lakestill is why the slice is another one, or a new table. */
  boolean isMovedOn(StoredRows expected, Optional<String> date) {
    if (!generation.equals(Optional.of(expected.generation()))) {
      return generation.isPresent();
    }
    return !failures.containsKey(date)
        && newest(date)
            .filter(commit -> !commit.snapshot().equals(expected.snapshot()))
            .filter(commit -> commit.mark().sums().equals(sums(date)))
            .isPresent();
  }

  /** Dates that have rows which neither a manifest nor a commit of Lakestill knows of. */
  List<Optional<String>> strays(SignalManifest manifest) {
    return sums.keySet().stream()
        .filter(date -> manifest.slice(date).isEmpty() && sums(date).rows() > 0)
        .filter(
            date ->
                newest(date).filter(commit -> commit.mark().sums().equals(sums(date))).isEmpty())
        .toList();
  }

  /** The last commit of Lakestill to a slice. */
  private Optional<FormatTable.Committed> newest(Optional<String> date) {
    if (marks.isEmpty()) {
      marks = Optional.of(table.commits());
    }
    return marks.orElseThrow().stream()
        .filter(commit -> commit.mark().date().equals(date))
        .findFirst();
  }
}
