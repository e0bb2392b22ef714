package io.lakestill.jobs;

import io.lakestill.data.BadFeaturesException;
import io.lakestill.data.FeaturePipeline;
import io.lakestill.data.RawFeatures;
import io.lakestill.error.Errors;
import io.lakestill.recipe.DataSettings;
import io.lakestill.teacher.OnnxModel;
import io.lakestill.teacher.OnnxRunner;
import io.lakestill.teacher.TeacherModel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The yardstick for {@code teach}: ONNX Runtime in a loop over rows that are decoded and in memory
 * already, one thread per core, nothing read and nothing written. Of a large table it holds the
 * first rows and goes over them again.
 */
final class BareLoop {
  /** What may be held in memory: 256 MiB. */
  private static final long MOST_FLOATS = 1L << 26;

  private final TeacherModel teacher;
  private final int batch;
  private final int width;
  private final List<float[]> batches = new ArrayList<>();
  private final long calls;

  private BareLoop(TeacherModel teacher, int batch, int width, long rows) {
    this.teacher = teacher;
    this.batch = batch;
    this.width = width;
    this.calls = rows / batch;
  }

  /** Decodes training rows of a recipe into full batches; a rest is left out. */
  static BareLoop over(
      SparkSession spark,
      DataSettings data,
      int batch,
      TeacherModel teacher,
      FeaturePipeline features) {
    Dataset<Row> examples = ExampleTable.examples(spark, data, Split.TRAIN);
    BareLoop loop = new BareLoop(teacher, batch, features.width(), examples.count());
    float[] filling = new float[loop.batch * loop.width];
    int filled = 0;
    int held = Math.max(batch, Math.toIntExact(MOST_FLOATS / loop.width));
    for (Row row : examples.limit(held).collectAsList()) {
      try {
        RawFeatures raw = RawCell.read(row, 2);
        features.features(raw, row.getString(0), 0, filling, filled++ * loop.width);
      } catch (BadFeaturesException e) {
        throw Errors.badInput("Row '%s': %s".formatted(row.getString(0), e.getMessage()), e);
      }
      if (filled == loop.batch) {
        loop.batches.add(filling.clone());
        filled = 0;
      }
    }
    return loop;
  }

  /** Rows per second of one pass on so many threads. */
  double rowsPerSecond(OnnxModel model, int threads) {
    long start = System.nanoTime();
    List<CompletableFuture<Void>> running = new ArrayList<>();
    for (int thread = 0; thread < threads; thread++) {
      int first = thread;
      running.add(
          CompletableFuture.runAsync(
              () -> pass(model, first, threads), r -> new Thread(r).start()));
    }
    running.forEach(CompletableFuture::join);
    return calls * batch / ((System.nanoTime() - start) / 1e9);
  }

  private void pass(OnnxModel model, int first, int step) {
    try (OnnxRunner runner = teacher.runner(model, batch)) {
      float[][] outputs = runner.outputArrays();
      for (long call = first; call < calls; call += step) {
        runner.run(batches.get((int) (call % batches.size())), batch, outputs);
      }
    }
  }
}
