package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.sha2;

import io.lakestill.bigdl.JobNames;
import io.lakestill.recipe.Recipe;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.projection.SampleMoments;
import java.io.Serializable;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * A sample of the training examples, of all dates, and what a teacher says of it: the first view of
 * those whose keys have the smallest hashes, so that the same table gives the same sample wherever
 * it lies. The pass is an ordinary one, in full precision, into a folder that is removed again.
 *
 * @param teacher who is asked
 * @param folder for the files of the pass; nothing else is in it
 */
record TeacherSample(SparkSession spark, Recipe recipe, TeacherPass teacher, Path folder)
    implements SignalProjections.Sampler {
  /** Fixed, so that sums have one order on every cluster. */
  private static final int ROWS_PER_TASK = 1024;

  private static final int BATCH = 64;

  @Override
  public Map<String, SampleMoments> moments(long seed, int rows, List<String> signals) {
    Dataset<Row> examples =
        ExampleTable.unchecked(spark, recipe.data(), Split.TRAIN, teacher.own());
    Column draw =
        sha2(concat(lit("sample " + seed + " "), col(ExampleTable.SAMPLE_ID)).cast("binary"), 256);
    new JobNames(spark.sparkContext()).now("draw a sample of %d examples".formatted(rows));
    Row drawn =
        examples
            .select(draw.as("draw"))
            .orderBy("draw")
            .limit(rows)
            .agg(max("draw"), count(lit(1)))
            .first();
    long size = drawn.getLong(1);
    Map<String, SampleMoments> moments = new LinkedHashMap<>();
    try {
      List<String> files =
          size == 0 ? List.of() : said(examples.where(draw.leq(lit(drawn.get(0)))), size);
      for (SignalColumn column : teacher.schema().signals()) {
        if (signals.contains(column.name())) {
          moments.put(column.name(), moments(files, column));
        }
      }
      return moments;
    } finally {
      trial().remove();
    }
  }

  /** The files of a pass over the sample. */
  private List<String> said(Dataset<Row> sample, long size) {
    return trial()
        .said(
            "sample",
            teacher.inBatches(recipe.signals().batch(), ROWS_PER_TASK),
            sample,
            size,
            StoredSignals.inFull(teacher.schema()));
  }

  private TrialPass trial() {
    return new TrialPass(spark, folder);
  }

  /** File after file, each from its first row to its last, so that sums have one order. */
  private SampleMoments moments(List<String> files, SignalColumn column) {
    SampleMoments all = new SampleMoments(column.width());
    for (String file : files) {
      new JobNames(spark.sparkContext()).now("moments of " + column.name());
      LakeTable.files(spark, List.of(file))
          .select(column.name())
          .coalesce(1)
          .queryExecution()
          .toRdd()
          .toJavaRDD()
          .mapPartitions(new Summing(column.width()))
          .collect()
          .forEach(all::merge);
    }
    return all;
  }

  /** The moments of one partition. */
  private record Summing(int width)
      implements FlatMapFunction<Iterator<InternalRow>, SampleMoments>, Serializable {
    @Override
    public Iterator<SampleMoments> call(Iterator<InternalRow> rows) {
      SampleMoments moments = new SampleMoments(width);
      float[] batch = new float[BATCH * width];
      int filled = 0;
      while (rows.hasNext()) {
        float[] values = rows.next().getArray(0).toFloatArray();
        System.arraycopy(values, 0, batch, filled * width, width);
        filled++;
        if (filled == BATCH) {
          moments.add(batch, filled);
          filled = 0;
        }
      }
      if (filled > 0) {
        moments.add(batch, filled);
      }
      return List.of(moments).iterator();
    }
  }
}
