package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.lakestill.error.Errors;
import io.lakestill.signal.RowStore;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.DataFrameWriterV2;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * A table of Iceberg or Delta that keeps the rows of a signal table, as Spark's catalogs know it.
 *
 * @param dialect what its format calls things
 * @param store its format and name
 */
record FormatTable(SparkSession spark, FormatDialect dialect, RowStore store) {
  static FormatTable of(SparkSession spark, RowStore store) {
    FormatDialect dialect = FormatDialect.of(store.format());
    FormatNeeds.require(spark, dialect, store);
    return new FormatTable(spark, dialect, store);
  }

  String name() {
    return store.table();
  }

  boolean exists() {
    return spark.catalog().tableExists(name());
  }

  /** Forgets what this session remembers of it. */
  FormatTable refreshed() {
    dialect.refresh(spark, name());
    return this;
  }

  private Map<String, String> properties() {
    Map<String, String> properties = new TreeMap<>();
    spark
        .sql("SHOW TBLPROPERTIES " + name())
        .collectAsList()
        .forEach(row -> properties.put(row.getString(0), row.getString(1)));
    return properties;
  }

  /** Of this making of it; empty when there is no such table. */
  Optional<String> generation() {
    return exists()
        ? Optional.ofNullable(refreshed().properties().get(FormatDefinition.GENERATION))
        : Optional.empty();
  }

  /** The same when its rows are of that kind. */
  Optional<String> generation(String kind) {
    return Optional.of(refreshed().properties())
        .filter(properties -> kind.equals(properties.get(FormatDefinition.KIND)))
        .map(properties -> properties.get(FormatDefinition.GENERATION));
  }

  /**
   * @throws io.lakestill.error.LakestillException (exit 3) when there is a table of that name that
   *     is not this signal table's
   */
  void requireOurs(String root) {
    if (!exists()) {
      return;
    }
    String of = refreshed().properties().get(FormatDefinition.ROOT);
    if (of == null) {
      throw Errors.badInput(
          ("There is a table %s already, and Lakestill did not make it; nothing of it was touched."
                  + " Name another one in signals.table, or drop it if nobody needs it.")
              .formatted(name()));
    }
    if (!of.equals(root)) {
      throw Errors.badInput(
          ("Table %s keeps the rows of signal table '%s', not those of '%s'; name another one in"
                  + " signals.table, or drop it if that signal table is gone.")
              .formatted(name(), of, root));
    }
  }

  /** Makes it without a row, in the place of one that there may be; its snapshots stay. */
  void make(FormatDefinition definition) {
    String namespace = FormatNeeds.namespace(spark, name());
    if (!namespace.isEmpty()) {
      spark.sql("CREATE NAMESPACE IF NOT EXISTS " + namespace);
    }
    if (exists()) {
      dialect.replace(spark, name(), definition);
    } else {
      spark.sql("CREATE TABLE " + name() + " " + definition.sql(dialect.name()));
    }
  }

  Optional<String> head() {
    return refreshed().dialect.head(spark, name());
  }

  /**
   * A commit of Lakestill.
   *
   * @param snapshot that it made
   * @param mark what it says of itself
   */
  record Committed(String snapshot, CommitMark mark) {}

  /** The commits of Lakestill that the table's history still has, the newest first. */
  List<Committed> commits() {
    return history().stream().flatMap(FormatTable::ours).toList();
  }

  private List<FormatDialect.Snapshot> history() {
    return refreshed().dialect.history(spark, name());
  }

  private static Stream<Committed> ours(FormatDialect.Snapshot snapshot) {
    return snapshot.mark().flatMap(CommitMark::of).stream()
        .map(mark -> new Committed(snapshot.id(), mark));
  }

  /**
   * Whether the history says that a slice is as it was in a snapshot: all that came since are
   * commits of Lakestill to other slices. False also when that cannot be told.
   */
  boolean isUntouchedSince(String snapshot, Optional<String> date) {
    for (FormatDialect.Snapshot later : history()) {
      if (later.id().equals(snapshot)) {
        return true;
      }
      if (ours(later).noneMatch(commit -> !commit.mark().date().equals(date))) {
        return false;
      }
    }
    return false;
  }

  /** All rows of a snapshot. */
  Dataset<Row> at(String snapshot) {
    return spark.sql("SELECT * FROM %s VERSION AS OF %s".formatted(name(), snapshot));
  }

  /** The rows of a slice in a snapshot. */
  Dataset<Row> at(String snapshot, Optional<String> date) {
    return date.map(day -> at(snapshot).where(of(day)).drop(RowStore.DATE))
        .orElseGet(() -> at(snapshot));
  }

  private static Column of(String day) {
    return col(RowStore.DATE).equalTo(day);
  }

  /** Adds rows to a slice. */
  void append(Dataset<Row> rows, Optional<String> date, String mark) {
    try {
      writer(rows, date, mark).append();
    } catch (Exception e) { // Also what Spark's Scala does not declare.
      throw new FormatFailures.Writing(e);
    }
  }

  /** Puts rows in the place of all of a slice. */
  void overwrite(Dataset<Row> rows, Optional<String> date, String mark) {
    try {
      writer(rows, date, mark).overwrite(date.map(FormatTable::of).orElse(lit(true)));
    } catch (Exception e) { // Also what Spark's Scala does not declare.
      throw new FormatFailures.Writing(e);
    }
  }

  private DataFrameWriterV2<Row> writer(Dataset<Row> rows, Optional<String> date, String mark) {
    Dataset<Row> dated = date.map(day -> rows.withColumn(RowStore.DATE, lit(day))).orElse(rows);
    DataFrameWriterV2<Row> writer = dated.writeTo(name());
    dialect.options(mark).forEach(writer::option);
    return writer;
  }
}
