package io.lakestill.jobs;

import io.lakestill.bigdl.JobNames;
import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.recipe.TableSettings;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkThrowable;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Opens Parquet tables so that damage is an error, never fewer rows. */
final class LakeTable {
  /** Without this one a flipped bit in a page is read as if nothing had happened. */
  static final String VERIFY_CHECKSUMS = "parquet.page.verify-checksum.enabled";

  private static final List<String> HIDES_DAMAGE =
      List.of("spark.sql.files.ignoreCorruptFiles", "spark.sql.files.ignoreMissingFiles");

  private LakeTable() {}

  /**
   * The rows a recipe means.
   *
   * @throws LakestillException (exit 3) when there is no table, it is not Parquet or the condition
   *     is refused; (exit 2) when the session is set to skip damaged files
   */
  static Dataset<Row> read(SparkSession spark, TableSettings table) {
    refuseHiddenDamage(spark);
    Dataset<Row> rows =
        new JobNames(spark.sparkContext())
            .during("columns of table " + table.path(), () -> open(spark, table.path()));
    return table.where().map(condition -> where(rows, table.path(), condition)).orElse(rows);
  }

  /** The rows of files that a manifest names. */
  static Dataset<Row> files(SparkSession spark, List<String> files) {
    return new JobNames(spark.sparkContext())
        .during(
            "columns of %d files, such as %s"
                .formatted(files.size(), new Path(files.get(0)).getName()),
            () ->
                spark
                    .read()
                    .option(VERIFY_CHECKSUMS, "true")
                    .parquet(files.toArray(String[]::new)));
  }

  private static void refuseHiddenDamage(SparkSession spark) {
    for (String option : HIDES_DAMAGE) {
      if (Boolean.parseBoolean(spark.conf().get(option, "false"))) {
        throw Errors.badRecipe(
            "Spark is set to skip damaged files (%s = true), which would lose rows without a word;"
                    .formatted(option)
                + " remove that setting.");
      }
    }
  }

  private static Dataset<Row> open(SparkSession spark, String path) {
    try {
      Path root = new Path(path);
      var found = root.getFileSystem(spark.sessionState().newHadoopConf()).globStatus(root);
      if (found == null || found.length == 0) {
        throw Errors.badInput("There is no table at '" + path + "'; correct its path.");
      }
      return spark.read().option(VERIFY_CHECKSUMS, "true").parquet(path);
    } catch (LakestillException e) {
      throw e;
    } catch (IOException e) {
      throw Errors.badInput("Table '%s' cannot be reached: %s".formatted(path, e), e);
    } catch (Exception e) {
      // Spark's Scala throws checked exceptions that it does not declare.
      throw Errors.badInput(
          "Table '%s' cannot be read as Parquet: %s. Name a Parquet file or a folder of them."
              .formatted(path, firstLine(e)),
          e);
    }
  }

  private static Dataset<Row> where(Dataset<Row> rows, String path, String condition) {
    Dataset<Row> selected;
    try {
      selected = rows.where(condition);
    } catch (Exception e) {
      if (!(e instanceof SparkThrowable)) {
        throw e;
      }
      throw Errors.badInput(
          "Condition '%s' on table '%s' is refused: %s. Its columns are %s."
              .formatted(condition, path, firstLine(e), Arrays.toString(rows.columns())),
          e);
    }
    if (!selected.queryExecution().analyzed().deterministic()) {
      throw Errors.badInput(
          "Condition '%s' on table '%s' gives other rows each time; use columns only."
              .formatted(condition, path));
    }
    return selected;
  }

  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).strip().lines().findFirst().orElse("");
  }
}
