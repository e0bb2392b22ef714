package io.lakestill.jobs;

import io.lakestill.bigdl.JobNames;
import io.lakestill.data.FeaturePipeline;
import io.lakestill.error.Errors;
import io.lakestill.export.Bundle;
import io.lakestill.recipe.FeatureSettings;
import io.lakestill.recipe.TableSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Scores a table with a bundle. Rows are neither dropped nor reordered within a file; the result
 * appears under its name only when all of it is written.
 *
 * @param bundle the model
 * @param input the table
 * @param keep the columns to carry over; empty for all but the features
 * @param target where the result goes
 */
record PredictJob(Bundle bundle, TableSettings input, List<String> keep, Path target) {
  /** What a column of the result must not be named by the table. */
  private static final List<String> OWN =
      List.of("prediction", "prediction_index", "confidence", "logits", "problem");

  /** The features on their way to the task; no column of the result. */
  private static final String RAW = "__raw";

  private static final int BATCH = 64;

  /**
   * What was written.
   *
   * @param rows all rows
   * @param problems those that could not be scored
   */
  record Outcome(long rows, long problems) {}

  /**
   * @throws io.lakestill.error.LakestillException (exit 2) when the target exists or a kept column
   *     does not, (exit 3) when the table does not have the features the bundle needs
   */
  Outcome run(SparkSession spark, ProgressListener listener) {
    FileSystem files = fileSystem(spark);
    Dataset<Row> stored = LakeTable.read(spark, input);
    FeatureSettings features = bundle.manifest().features();
    RawColumn raw = new RawColumn(features, "bundle.json", stored);
    ExampleTable.refuse(input, raw.faults());
    List<Column> columns = new ArrayList<>(kept(stored, features));
    columns.add(raw.column().as(RAW));
    Dataset<Row> selected = stored.select(columns.toArray(Column[]::new));
    Path staging = new Path(target.getParent(), "." + target.getName() + "." + UUID.randomUUID());
    try {
      Outcome outcome = write(spark, selected, staging, listener);
      files.mkdirs(target.getParent());
      if (!files.rename(staging, target)) {
        throw new IOException("Cannot rename '" + staging + "' to '" + target + "'");
      }
      return outcome;
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write '" + target + "'", e);
    } catch (Exception e) {
      throw SparkFailures.worded(e, "predict");
    } finally {
      delete(files, staging);
    }
  }

  private Outcome write(
      SparkSession spark, Dataset<Row> rows, Path staging, ProgressListener listener) {
    StructType schema = schema(rows.drop(RAW).schema());
    FeaturePipeline pipeline = new FeaturePipeline(bundle.manifest().features(), List.of(), 0);
    Broadcast<Contestant> model =
        JavaSparkContext.fromSparkContext(spark.sparkContext())
            .broadcast(Contestant.of(bundle, pipeline));
    JobNames names = new JobNames(spark.sparkContext());
    names.now("count rows of " + input.path());
    long count = rows.count();
    names.now("predict %d rows of %s".formatted(count, input.path()));
    try (RowProgress progress = new RowProgress(spark.sparkContext(), "predict", count, listener)) {
      PredictTask task =
          new PredictTask(model, bundle.manifest().classes(), BATCH, progress.rows());
      rows.mapPartitions(task, Encoders.row(schema)).write().parquet(staging.toString());
    } finally {
      model.destroy();
    }
    names.now("count what was written");
    Dataset<Row> written = spark.read().parquet(staging.toString());
    return new Outcome(written.count(), written.where("problem is not null").count());
  }

  static StructType schema(StructType kept) {
    return kept.add("prediction", DataTypes.StringType)
        .add("prediction_index", DataTypes.IntegerType)
        .add("confidence", DataTypes.FloatType)
        .add("logits", DataTypes.createArrayType(DataTypes.FloatType, false))
        .add("problem", DataTypes.StringType);
  }

  private List<Column> kept(Dataset<Row> stored, FeatureSettings features) {
    List<String> columns =
        keep.isEmpty()
            ? Arrays.stream(stored.columns())
                .filter(column -> !features.columns().contains(column))
                .toList()
            : keep;
    for (String column : columns) {
      if (!List.of(stored.columns()).contains(column)) {
        throw Errors.badRecipe(RawColumn.missing("--keep", column, stored) + ".");
      }
      if (OWN.contains(column)) {
        throw Errors.badRecipe(
            "Column '%s' of '%s' has the name of a column of the result; keep other columns only."
                .formatted(column, input.path()));
      }
    }
    return columns.stream().map(RawColumn::named).toList();
  }

  private FileSystem fileSystem(SparkSession spark) {
    try {
      FileSystem files = target.getFileSystem(spark.sessionState().newHadoopConf());
      if (files.exists(target)) {
        throw Errors.badRecipe("'" + target + "' exists already; name another folder with --to.");
      }
      return files;
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot reach '" + target + "'", e);
    }
  }

  private static void delete(FileSystem files, Path staging) {
    try {
      files.delete(staging, true);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot delete '" + staging + "'", e);
    }
  }
}
