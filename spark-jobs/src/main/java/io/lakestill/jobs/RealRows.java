package io.lakestill.jobs;

import io.lakestill.bigdl.JobNames;
import io.lakestill.data.BadFeaturesException;
import io.lakestill.data.FeaturePipeline;
import io.lakestill.data.RawFeatures;
import io.lakestill.error.Errors;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.TableSettings;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A few examples of a table on the driver, as a model sees them: to compare two engines, or to time
 * one.
 *
 * @param features {@code [count, width]}
 * @param count how many
 */
@SuppressWarnings("ArrayRecordComponent") // Compared by nobody.
record RealRows(float[] features, int count) {
  private static final Logger LOG = LoggerFactory.getLogger(RealRows.class);

  /**
   * The first rows of a split by the order of their keys, in the identity view. A row whose
   * features cannot be used is passed over; the stage that learns or measures counts it.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when the table breaks its contract or
   *     has no row that can be used
   */
  static RealRows first(
      SparkSession spark, DataSettings data, Split split, FeaturePipeline pipeline, int atMost) {
    try {
      Dataset<Row> rows = ExampleTable.examples(spark, data, split).sort(ExampleTable.SAMPLE_ID);
      new JobNames(spark.sparkContext())
          .now("the first %d rows of %s".formatted(atMost, ExampleTable.name(split)));
      int asked = atMost;
      while (true) {
        List<Row> taken = rows.limit(asked).collectAsList();
        RealRows usable = usable(taken, pipeline, atMost);
        if (usable.count() == atMost || taken.size() < asked) {
          usable.requireAny(ExampleTable.table(data, split));
          return usable;
        }
        asked = Math.multiplyExact(asked, 2);
      }
    } catch (Exception e) {
      throw SparkFailures.worded(e, "read " + ExampleTable.name(split) + " rows");
    }
  }

  private static RealRows usable(List<Row> rows, FeaturePipeline pipeline, int atMost) {
    int width = pipeline.width();
    float[] features = new float[Math.min(rows.size(), atMost) * width];
    int count = 0;
    for (int i = 0; i < rows.size() && count < atMost; i++) {
      try {
        RawFeatures raw = RawCell.read(rows.get(i), 2);
        pipeline.features(raw, rows.get(i).getString(0), 0, features, count * width);
        count++;
      } catch (BadFeaturesException e) {
        LOG.debug("event=row-passed-over reason=\"{}\"", e.getMessage());
      }
    }
    return new RealRows(Arrays.copyOf(features, count * width), count);
  }

  private void requireAny(TableSettings table) {
    if (count == 0) {
      throw Errors.badInput(
          "No row of table '%s' has features that can be used; correct them."
              .formatted(table.path()));
    }
  }
}
