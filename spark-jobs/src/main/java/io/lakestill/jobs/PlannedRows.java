package io.lakestill.jobs;

import io.lakestill.bigdl.JobNames;
import io.lakestill.error.Errors;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.TableSettings;
import org.apache.spark.sql.SparkSession;

/**
 * How many rows a recipe's tables have, as Parquet's footers say; a {@code where} reads the columns
 * it names.
 *
 * @param training examples to learn from
 * @param validation examples to validate with
 * @param views of each training example
 * @param counted whether both were counted; else they are held out by hash and so about as many
 */
record PlannedRows(long training, long validation, int views, boolean counted) {

  /**
   * @throws io.lakestill.error.LakestillException (exit 3) when a table cannot be read, or has no
   *     row
   */
  static PlannedRows of(SparkSession spark, DataSettings data) {
    long train = count(spark, data.train());
    if (data.validation().isPresent()) {
      long validation = count(spark, data.validation().get());
      return new PlannedRows(train, validation, data.views().count(), true);
    }
    long heldOut = Math.round(train * data.validationFraction());
    return new PlannedRows(train - heldOut, heldOut, data.views().count(), false);
  }

  private static long count(SparkSession spark, TableSettings table) {
    new JobNames(spark.sparkContext()).now("count " + table.path());
    long rows = LakeTable.read(spark, table).count();
    if (rows == 0) {
      throw Errors.badInput(
          "Table '%s' has no row%s; correct the path or the condition."
              .formatted(table.path(), table.where().map(where -> " where " + where).orElse("")));
    }
    return rows;
  }

  /** Rows of a signal table: every view of the training examples, the others as they are. */
  long signals() {
    return Math.addExact(Math.multiplyExact(training, views), validation);
  }
}
