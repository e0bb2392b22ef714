package io.lakestill.jobs;

import io.lakestill.data.BadFeaturesException;
import io.lakestill.data.FeaturePipeline;
import io.lakestill.error.Errors;
import io.lakestill.recipe.DataSettings;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * A few examples of a table on the driver, as a model sees them: to compare two engines, or to time
 * one.
 *
 * @param features {@code [count, width]}
 * @param count how many
 */
@SuppressWarnings("ArrayRecordComponent") // Compared by nobody.
record RealRows(float[] features, int count) {

  /** The first rows of a split by the order of their keys, in the identity view. */
  static RealRows first(
      SparkSession spark, DataSettings data, Split split, FeaturePipeline pipeline, int atMost) {
    List<Row> rows =
        ExampleTable.examples(spark, data, split)
            .sort(ExampleTable.SAMPLE_ID)
            .limit(atMost)
            .collectAsList();
    float[] features = new float[rows.size() * pipeline.width()];
    for (int i = 0; i < rows.size(); i++) {
      String id = rows.get(i).getString(0);
      try {
        pipeline.features(RawCell.read(rows.get(i), 2), id, 0, features, i * pipeline.width());
      } catch (BadFeaturesException e) {
        throw Errors.badInput(
            "Row '%s' cannot be used: %s; correct it or leave it out with a condition."
                .formatted(id, e.getMessage()),
            e);
      }
    }
    return new RealRows(features, rows.size());
  }
}
