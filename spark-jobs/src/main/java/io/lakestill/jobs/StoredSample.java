package io.lakestill.jobs;

import static org.apache.spark.sql.functions.broadcast;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.lakestill.error.Errors;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * What files that were just written hold of a sample, beside what the teacher says of it in two
 * passes of its own. The keys of the sample are broadcast, so all that a new table costs is a scan:
 * of its keys, and of the compared signals.
 *
 * @param teacher its id
 * @param keys {@code sample_id}, each once, so few that they can be broadcast
 * @param stored files of signals that were just written
 * @param quarantined files of what was put into quarantine meanwhile
 * @param said files of what the teacher says
 * @param again files of what it says in batches of another size
 */
record StoredSample(
    SparkSession spark,
    String teacher,
    Dataset<Row> keys,
    List<String> stored,
    List<String> quarantined,
    List<String> said,
    List<String> again) {
  private static final int SHOWN = 5;
  private static final String KEY = "key";
  private static final String STORED = "stored";
  private static final String QUARANTINED = "quarantined";
  private static final String SAID = "said";
  private static final String AGAIN = "again";

  StoredSample {
    stored = List.copyOf(stored);
    quarantined = List.copyOf(quarantined);
    said = List.copyOf(said);
    again = List.copyOf(again);
  }

  /**
   * @throws io.lakestill.error.LakestillException (exit 1) when an example of the sample is neither
   *     in the table nor in quarantine, (exit 3) when one is in the table that the teacher, asked
   *     again, says nothing of
   */
  void requireAll() {
    Dataset<Row> marked = keys.select(col(SignalSchema.SAMPLE_ID).as(KEY));
    marked = marked(marked, stored, STORED);
    marked = marked(marked, quarantined, QUARANTINED);
    marked = marked(marked, said, SAID);
    marked = marked(marked, again, AGAIN);
    List<Row> found = marked.orderBy(KEY).collectAsList();
    List<Row> lost =
        found.stream().filter(row -> lacks(row, STORED) && lacks(row, QUARANTINED)).toList();
    if (!lost.isEmpty()) {
      throw Errors.lostRows(teacher, lost.size(), found.size(), shown(lost));
    }
    List<Row> unsaid =
        found.stream()
            .filter(row -> !lacks(row, STORED) && (lacks(row, SAID) || lacks(row, AGAIN)))
            .toList();
    if (!unsaid.isEmpty()) {
      throw Errors.badInput(
          ("The files that were just written hold what teacher '%s' said of %d of %d examples, such"
                  + " as %s, of which it says nothing that can be kept when it is asked again."
                  + " The signal table is as it was. Look for a model that changes its answers,"
                  + " or a broken machine; then run teach again.")
              .formatted(teacher, unsaid.size(), found.size(), shown(unsaid)));
    }
  }

  private static boolean lacks(Row row, String column) {
    return row.isNullAt(row.fieldIndex(column));
  }

  private static String shown(List<Row> found) {
    return found.stream()
        .limit(SHOWN)
        .map(row -> "'" + ShownKey.of(row.getString(0)) + "'")
        .collect(Collectors.joining(", "));
  }

  /** With one more column, true where the files have the first view of the key, else null. */
  private Dataset<Row> marked(Dataset<Row> found, List<String> files, String name) {
    if (files.isEmpty()) {
      return found.withColumn(name, lit(null).cast("boolean"));
    }
    Dataset<Row> known =
        ofSample(files).select(col(SignalSchema.SAMPLE_ID).as("known"), lit(true).as(name));
    return found
        .join(broadcast(known), found.col(KEY).equalTo(known.col("known")), "left_outer")
        .drop("known");
  }

  /** How far they lie apart, of the examples that all of them have. */
  StoredAgreement agreement(List<SignalColumn> columns) {
    if (stored.isEmpty() || said.isEmpty() || again.isEmpty()) {
      return StoredAgreement.none(columns);
    }
    Dataset<Row> held = signals(stored, columns, STORED);
    Dataset<Row> first = signals(said, columns, SAID);
    Dataset<Row> second = signals(again, columns, AGAIN);
    return held
        .join(first, key(STORED).equalTo(key(SAID)))
        .join(second, key(STORED).equalTo(key(AGAIN)))
        .select(
            Stream.of(STORED, SAID, AGAIN)
                .flatMap(name -> columns.stream().map(column -> col(name + " " + column.name())))
                .toArray(Column[]::new))
        .queryExecution()
        .toRdd()
        .toJavaRDD()
        .mapPartitions(new AgreementTask(columns))
        .collect()
        .stream()
        .reduce(StoredAgreement.none(columns), StoredAgreement::with);
  }

  private static Column key(String name) {
    return col(name + " key");
  }

  /** With names that no two of the three have in common. */
  private Dataset<Row> signals(List<String> files, List<SignalColumn> columns, String name) {
    List<Column> selected = new ArrayList<>();
    selected.add(col(SignalSchema.SAMPLE_ID).as(name + " key"));
    columns.forEach(column -> selected.add(col(column.name()).as(name + " " + column.name())));
    return ofSample(files).select(selected.toArray(Column[]::new));
  }

  /** The first views of the sample; broadcasting its keys moves nothing else. */
  Dataset<Row> ofSample(List<String> files) {
    Dataset<Row> rows = LakeTable.files(spark, files).where(col(SignalSchema.VIEW_ID).equalTo(0));
    Dataset<Row> own = broadcast(keys.select(col(SignalSchema.SAMPLE_ID).as(KEY)));
    return rows.join(own, rows.col(SignalSchema.SAMPLE_ID).equalTo(own.col(KEY)), "left_semi");
  }
}
