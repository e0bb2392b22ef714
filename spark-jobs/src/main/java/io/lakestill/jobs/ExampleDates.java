package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;

import io.lakestill.bigdl.JobNames;
import io.lakestill.error.Errors;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.TableSettings;
import io.lakestill.signal.InputSnapshot;
import io.lakestill.signal.Slice;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StringType;

/**
 * The dates of a recipe's training and validation tables, as texts: which there are, and which
 * files hold those of one.
 */
final class ExampleDates {
  private static final String KEY = "data.date";
  private static final String DATE = "date";
  private static final int SHOWN = 5;

  private final SparkSession spark;
  private final DataSettings data;
  private final String column;

  /** By path; a table that has the column in its files has no folders. */
  private final Map<String, Optional<DateFolders>> folders = new HashMap<>();

  /**
   * @param data with {@code data.date}
   * @throws io.lakestill.error.LakestillException (exit 3) when a table has no such column, or of a
   *     type that cannot be a date
   */
  ExampleDates(SparkSession spark, DataSettings data) {
    this.spark = spark;
    this.data = data;
    this.column = data.date().orElseThrow();
    tables(data)
        .forEach(
            table -> {
              Dataset<Row> whole = LakeTable.read(spark, table.whole());
              requireColumn(table, whole);
              folders.put(table.path(), DateFolders.of(whole, column));
            });
  }

  private static Stream<TableSettings> tables(DataSettings data) {
    return Stream.of(Split.TRAIN, Split.VALIDATION)
        .map(split -> ExampleTable.table(data, split))
        .distinct();
  }

  private void requireColumn(TableSettings table, Dataset<Row> whole) {
    Optional<DataType> type = RawColumn.type(whole, column);
    if (type.isEmpty()) {
      boolean validation = data.validation().equals(Optional.of(table));
      ExampleTable.refuse(
          table,
          List.of(
              RawColumn.missing(KEY, column, whole)
                  + (validation
                      ? "; a validation table needs it too, or leave data.validation away"
                      : "")));
    } else if (!isDate(type.get())) {
      ExampleTable.refuse(
          table,
          List.of(
              "%s names column '%s' of type %s; it must be a text, a date or a whole number"
                  .formatted(KEY, column, type.get().simpleString())));
    }
  }

  private static boolean isDate(DataType type) {
    return type instanceof StringType
        || type instanceof DateType
        || type instanceof ByteType
        || type instanceof ShortType
        || type instanceof IntegerType
        || type instanceof LongType;
  }

  private Column date() {
    return RawColumn.named(column).cast("string");
  }

  /**
   * The dates that have examples, in order.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when an example has none, or one that
   *     cannot be the name of a folder; with five of their keys
   */
  List<String> ofExamples() {
    Set<String> dates = new TreeSet<>();
    tables(data).forEach(table -> dates.addAll(ofExamples(table)));
    return List.copyOf(dates);
  }

  private List<String> ofExamples(TableSettings table) {
    Dataset<Row> rows = LakeTable.read(spark, table);
    List<String> dates = values(table, rows);
    if (dates.contains(null)) {
      throw Errors.badInput(
          ("Table '%s': column '%s' (%s) is null in some rows, such as %s; give each a date, or"
                  + " leave them out by a condition (data.train-where).")
              .formatted(table.path(), column, KEY, shown(rows.where(date().isNull()))));
    }
    Optional<String> bad = dates.stream().filter(date -> !Slice.isDate(date)).findFirst();
    if (bad.isPresent()) {
      throw Errors.badInput(
          ("Table '%s': column '%s' (%s) is '%s' in some rows, such as %s, which cannot be the name"
                  + " of a folder; use letters, digits, '_', '-' and '.' only, at most 100.")
              .formatted(
                  table.path(),
                  column,
                  KEY,
                  bad.get(),
                  shown(rows.where(date().equalTo(bad.get())))));
    }
    return dates;
  }

  private String shown(Dataset<Row> rows) {
    if (RawColumn.type(rows, data.id()).isEmpty()) {
      return "rows without a key";
    }
    return String.join(
        ", ",
        rows.select(RawColumn.named(data.id()).cast("string")).limit(SHOWN).collectAsList().stream()
            .map(row -> row.isNullAt(0) ? "a row without a key" : row.getString(0))
            .sorted()
            .toList());
  }

  /** Every date of the tables, whatever the recipe's conditions leave of them. */
  Set<String> ofTables() {
    Set<String> dates = new TreeSet<>();
    tables(data)
        .map(TableSettings::whole)
        .distinct()
        .forEach(
            table ->
                values(table, LakeTable.read(spark, table)).stream()
                    .filter(date -> date != null && Slice.isDate(date))
                    .forEach(dates::add));
    return dates;
  }

  private List<String> values(TableSettings table, Dataset<Row> rows) {
    new JobNames(spark.sparkContext()).now("dates of table " + table.path());
    return rows.select(date().as(DATE)).distinct().sort(col(DATE)).collectAsList().stream()
        .map(row -> row.getString(0))
        .toList();
  }

  /**
   * The files that hold examples of some dates, as they are now: those of the dates' folders, or
   * all of a table that has the dates in its files.
   */
  List<InputSnapshot> inputs(Collection<String> dates) {
    return snapshots(tables(data), dates);
  }

  /**
   * The same of one date, and with the condition that reads it alone. A run over many dates takes
   * hours: folders that came meanwhile are found.
   */
  List<InputSnapshot> inputs(String date) {
    tables(data)
        .filter(table -> folders.get(table.path()).filter(of -> !of.isAll(date)).isPresent())
        .forEach(
            table ->
                folders.put(
                    table.path(), DateFolders.of(LakeTable.read(spark, table.whole()), column)));
    return snapshots(tables(data.on(date)), List.of(date));
  }

  private List<InputSnapshot> snapshots(Stream<TableSettings> tables, Collection<String> dates) {
    var configuration = spark.sessionState().newHadoopConf();
    return tables
        .map(
            table ->
                folders
                    .get(table.path())
                    .map(
                        of ->
                            InputSnapshot.of(
                                table.path(), table.where(), of.of(dates), configuration))
                    .orElseGet(() -> InputSnapshot.of(table.path(), table.where(), configuration)))
        .toList();
  }
}
