package io.lakestill.jobs;

import static org.apache.spark.sql.functions.broadcast;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.first;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.struct;

import io.lakestill.error.Errors;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalSchema;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * What files that were just written hold of a sample, beside what the teacher says of it in two
 * passes of its own. The keys of the sample are broadcast, so all that a new table costs is a scan
 * of the compared signals.
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
  private static final String QUARANTINED = "quarantined";
  private static final List<String> SIDES = List.of("stored", "said", "again", QUARANTINED);

  StoredSample {
    stored = List.copyOf(stored);
    quarantined = List.copyOf(quarantined);
    said = List.copyOf(said);
    again = List.copyOf(again);
  }

  /**
   * How far they lie apart, of the examples that all of them have.
   *
   * @param columns the signals, logits first, as the files have them
   * @throws io.lakestill.error.LakestillException (exit 1) when an example of the sample is neither
   *     in the table nor in quarantine, (exit 3) when one is in the table that the teacher, asked
   *     again, says nothing of
   */
  StoredAgreement agreement(List<SignalColumn> columns) {
    AgreementTask.Found found =
        met(columns)
            .queryExecution()
            .toRdd()
            .toJavaRDD()
            .mapPartitions(new AgreementTask(columns))
            .collect()
            .stream()
            .reduce(AgreementTask.Found.none(columns), AgreementTask.Found::with);
    if (!found.lost().isEmpty()) {
      throw Errors.lostRows(teacher, found.lost().size(), found.examples(), shown(found.lost()));
    }
    if (!found.unsaid().isEmpty()) {
      throw Errors.badInput(
          ("The files that were just written hold what teacher '%s' said of %d of %d examples, such"
                  + " as %s, of which it says nothing that can be kept when it is asked again."
                  + " The signal table is as it was. Look for a model that changes its answers,"
                  + " or a broken machine; then run teach again.")
              .formatted(teacher, found.unsaid().size(), found.examples(), shown(found.unsaid())));
    }
    return found.agreement();
  }

  private static String shown(List<String> keys) {
    return keys.stream()
        .sorted()
        .limit(SHOWN)
        .map(key -> "'" + ShownKey.of(key) + "'")
        .collect(Collectors.joining(", "));
  }

  /** A row for each key, with what each side has of it, or null. */
  private Dataset<Row> met(List<SignalColumn> columns) {
    Column[] signals = columns.stream().map(c -> col(c.name())).toArray(Column[]::new);
    List<List<String>> files = List.of(stored, said, again, quarantined);
    Dataset<Row> all = keys.select(col(SignalSchema.SAMPLE_ID).as(KEY));
    for (int side = 0; side < SIDES.size(); side++) {
      String name = SIDES.get(side);
      if (files.get(side).isEmpty()) {
        all = all.withColumn(name, lit(null).cast("boolean"));
        continue;
      }
      Column has = name.equals(QUARANTINED) ? lit(true) : struct(signals);
      Dataset<Row> rows =
          ofSample(files.get(side)).select(col(SignalSchema.SAMPLE_ID).as(KEY), has.as(name));
      all = all.unionByName(rows, true);
    }
    Column[] sides = SIDES.stream().map(name -> first(name, true).as(name)).toArray(Column[]::new);
    return all.groupBy(KEY).agg(sides[0], sides[1], sides[2], sides[3]);
  }

  /** The first views of the sample; broadcasting its keys moves nothing else. */
  Dataset<Row> ofSample(List<String> files) {
    Dataset<Row> rows = LakeTable.files(spark, files).where(col(SignalSchema.VIEW_ID).equalTo(0));
    Dataset<Row> own = broadcast(keys.select(col(SignalSchema.SAMPLE_ID).as(KEY)));
    return rows.join(own, rows.col(SignalSchema.SAMPLE_ID).equalTo(own.col(KEY)), "left_semi");
  }
}
