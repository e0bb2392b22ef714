package io.lakestill.jobs;

import static org.apache.spark.sql.functions.array_sort;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_list;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.slice;
import static org.apache.spark.sql.functions.when;

import io.lakestill.bigdl.JobNames;
import io.lakestill.error.Errors;
import io.lakestill.jobs.KeyComparison.State;
import io.lakestill.jobs.PackReport.Finding;
import io.lakestill.recipe.CoverageSettings;
import io.lakestill.recipe.Encoding;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which examples lack the signals of a teacher, and whether the recipe allows that.
 *
 * @param version what the teacher said
 * @param total how many examples there are
 */
record Coverage(SignalVersion version, long total) {
  private static final Logger LOG = LoggerFactory.getLogger(Coverage.class);
  private static final String MISSING = "missing";
  private static final String CHANGED = "changed";
  private static final String LACK = "lack";
  private static final int SHOWN = 5;

  /**
   * The keys of the examples to leave out, {@code sample_id}.
   *
   * @param examples {@code sample_id, label, raw, views}
   * @throws io.lakestill.error.LakestillException (exit 3) when there are more than the recipe
   *     allows, with five of their keys
   */
  Dataset<Row> lacking(SparkSession spark, Dataset<Row> examples, Encoding encoding) {
    String id = ExampleTable.SAMPLE_ID;
    new JobNames(spark.sparkContext()).now("compare examples with signals");
    Dataset<Row> signals = version.rows(spark);
    Dataset<Row> lacking =
        KeyComparison.of(
                spark, examples, RawCells.shared(encoding), signals, signals.select(id).limit(0))
            .where(State.GONE.is().equalTo(false))
            .withColumn(
                LACK,
                when(col(KeyComparison.TAUGHT).lt(col(KeyComparison.VIEWS)), MISSING)
                    .when(col(KeyComparison.CONTENT).equalTo(false), CHANGED))
            .where(col(LACK).isNotNull())
            .select(col(id), col(LACK));
    List<Row> found =
        lacking
            .groupBy(LACK)
            .agg(count(lit(1)), slice(array_sort(collect_list(id)), 1, SHOWN))
            .sort(col(LACK).desc())
            .collectAsList();
    for (Row row : found) {
      boolean missing = row.getString(0).equals(MISSING);
      requireAllowed(
          row.getString(0),
          missing ? "no signals" : "other content than the teacher saw",
          row.getLong(1),
          row.getList(2),
          missing ? settings().missing() : settings().changed());
      LOG.warn(
          "event=examples-left-out reason={} examples={} of={}",
          row.getString(0),
          row.getLong(1),
          total);
    }
    return lacking.select(id);
  }

  private CoverageSettings settings() {
    return version.coverage();
  }

  private void requireAllowed(
      String key, String words, long count, List<String> shown, double allowed) {
    if (count > CoverageSettings.count(allowed, total)) {
      throw Errors.badInput(
          String.format(
              Locale.ROOT,
              "%,d of %,d examples have %s in '%s', version %d, such as %s;"
                  + " signals.coverage.%s = %s allows %,d: run teach again, or allow more.",
              count,
              total,
              words,
              version.table().root(),
              version.manifest().version(),
              String.join(", ", shown),
              key,
              allowed,
              CoverageSettings.count(allowed, total)));
    }
  }

  /**
   * @param report of a packing of all examples
   * @throws io.lakestill.error.LakestillException (exit 3) when more of the taught examples are in
   *     no table than the recipe allows, with five of their keys
   */
  void requireFewOrphans(PackReport report) {
    long orphans = report.count(Finding.ORPHAN);
    long taught = total + orphans;
    long allowed = CoverageSettings.count(settings().orphans(), taught);
    if (orphans > allowed) {
      throw Errors.badInput(
          String.format(
              Locale.ROOT,
              "%,d of %,d examples with signals in '%s', version %d, are in no table, such as %s;"
                  + " signals.coverage.orphans = %s allows %,d: correct data.train and"
                  + " data.validation, run teach again, or allow more.",
              orphans,
              taught,
              version.table().root(),
              version.manifest().version(),
              String.join(", ", report.shown(Finding.ORPHAN)),
              settings().orphans(),
              allowed));
    }
  }
}
