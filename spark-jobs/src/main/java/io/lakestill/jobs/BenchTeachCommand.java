package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.data.FeaturePipeline;
import io.lakestill.data.FeatureShape;
import io.lakestill.error.Errors;
import io.lakestill.error.ExitCode;
import io.lakestill.io.Json;
import io.lakestill.recipe.FeatureSettings;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.TeacherSettings;
import io.lakestill.report.Machine;
import io.lakestill.signal.SignalFile;
import io.lakestill.signal.SignalManifest;
import io.lakestill.teacher.OnnxFile;
import io.lakestill.teacher.OnnxModel;
import io.lakestill.teacher.TeacherModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bench teach}. */
@Command(
    name = "teach",
    description = {
      "Times the teach stage against a bare ONNX Runtime loop over the same rows on the same cores,"
          + " in turn; the last line is JSON with the medians.",
      "The stage is timed as a whole: checking the tables, reading, decoding, inference, writing."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExample:%n",
    footer =
        "  bin/lakestill bench teach --recipe conf/recipes/fashion-mnist.conf"
            + " --set data.train=/lake/train.parquet --set data.test=/lake/test.parquet"
            + " --set teacher.onnx=/models/teacher.onnx")
final class BenchTeachCommand implements Callable<Integer> {
  @Mixin private RecipeOptions options;

  @Option(
      names = "--repeats",
      paramLabel = "N",
      defaultValue = "3",
      description = "How often each is timed, after one pass of each that is not counted (3).")
  private int repeats;

  @Override
  public Integer call() {
    if (repeats < 1) {
      throw Errors.badRecipe("--repeats must be at least 1, is " + repeats + ".");
    }
    Recipe recipe = options.blueprint().recipe();
    TeacherSettings settings =
        recipe.teacher().orElseThrow(() -> Errors.badRecipe("The recipe has no teacher."));
    String onnx =
        settings
            .onnx()
            .orElseThrow(
                () ->
                    Errors.badRecipe("bench teach needs a teacher that exists: set teacher.onnx."));
    Console console = Console.ofProcess();
    try (SparkSession spark = Sessions.open("bench teach " + recipe.name())) {
      int cores = spark.sparkContext().defaultParallelism();
      FeatureSettings features =
          settings
              .normalisation()
              .map(recipe.data().features()::normalisedBy)
              .orElse(recipe.data().features());
      OnnxFile file = OnnxFile.read(new Path(onnx), spark.sessionState().newHadoopConf());
      TeacherModel teacher =
          TeacherModel.inspect(
              settings, file, FeatureShape.of(features.shape()), recipe.data().classes().size());
      BareLoop loop =
          BareLoop.over(
              spark,
              recipe,
              teacher,
              FeaturePipeline.read(features, recipe.data().views()).orElseThrow());
      double[] bare = new double[repeats];
      double[] teach = new double[repeats];
      double bytesPerRow = 0;
      for (int repeat = -1; repeat < repeats; repeat++) {
        double bareRate;
        try (OnnxModel model = teacher.open(file)) {
          bareRate = loop.rowsPerSecond(model, cores);
        }
        long start = System.nanoTime();
        SignalManifest manifest = teach(spark, recipe, settings, onnx);
        double teachRate = manifest.rows() / ((System.nanoTime() - start) / 1e9);
        bytesPerRow =
            manifest.files().stream().mapToLong(SignalFile::bytes).sum() / (double) manifest.rows();
        console.line(
            String.format(
                Locale.ROOT,
                "  %s  bare loop %,.0f rows/s  teach %,.0f rows/s  ratio %.2f",
                repeat < 0 ? "warm-up" : "run " + (repeat + 1),
                bareRate,
                teachRate,
                teachRate / bareRate));
        if (repeat >= 0) {
          bare[repeat] = bareRate;
          teach[repeat] = teachRate;
        }
      }
      ObjectNode summary = Json.object();
      summary
          .put("command", "bench teach")
          .put("rows_per_second", median(teach))
          .put("bare_rows_per_second", median(bare))
          .put("ratio", median(teach) / median(bare))
          .put("bytes_per_row", bytesPerRow)
          .put("cores", cores)
          .put("processor", Machine.here().processor());
      return Lakestill.finish(summary, ExitCode.DONE);
    }
  }

  private static SignalManifest teach(
      SparkSession spark, Recipe recipe, TeacherSettings settings, String onnx) {
    try {
      java.nio.file.Path folder = Files.createTempDirectory("lakestill-bench");
      try {
        String table = folder.resolve("signals").toUri().toString();
        String runId = UUID.randomUUID().toString();
        return TeachJob.run(spark, recipe, settings, onnx, table, runId, progress -> {});
      } finally {
        FileUtil.fullyDelete(folder.toFile());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot use the folder for temporary files", e);
    }
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
