package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
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
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bench teach}. */
@Command(
    name = "teach",
    description = {
      "Times the teach stage against a bare ONNX Runtime loop over the same rows on the same cores,"
          + " in turn; the last line is JSON with the medians.",
      "The stage is timed as a whole: checking the tables, reading, decoding, inference, writing.",
      "Without a recipe, rows are made up for a model: a file of yours, or one with random weights."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  bin/lakestill bench teach",
      "  bin/lakestill bench teach --teacher mlp --rows 400000",
      "  bin/lakestill bench teach --model /models/teacher.onnx --rows 50000",
      "  bin/lakestill bench teach --recipe conf/recipes/fashion-mnist.conf"
          + " --set data.train=/lake/train.parquet --set data.test=/lake/test.parquet"
          + " --set teacher.onnx=/models/teacher.onnx"
    })
final class BenchTeachCommand implements Callable<Integer> {
  private static final int ROWS = 20_000;

  @ArgGroup(exclusive = false)
  private RecipeOptions recipe;

  @Option(
      names = "--model",
      paramLabel = "FILE",
      description = "An ONNX teacher to make up rows for, on any Hadoop file system.")
  private String model;

  @Option(
      names = "--teacher",
      paramLabel = "KIND",
      description = "A teacher with random weights: ${COMPLETION-CANDIDATES} (resnet).")
  private GeneratedWork.Teacher teacher;

  @Option(
      names = "--rows",
      paramLabel = "N",
      description = "How many rows to make up (" + ROWS + ").")
  private Integer rows;

  @Option(
      names = "--repeats",
      paramLabel = "N",
      defaultValue = "3",
      description = "How often each is timed, after one pass of each that is not counted (3).")
  private int repeats;

  @Override
  public Integer call() {
    refuseContradictions();
    Optional<Recipe> given = Optional.ofNullable(recipe).map(r -> r.blueprint().recipe());
    String name = given.map(Recipe::name).orElse("generated rows");
    try (SparkSession spark = Sessions.open("bench teach " + name)) {
      if (given.isPresent()) {
        return bench(spark, given.get());
      }
      java.nio.file.Path folder = Files.createTempDirectory("lakestill-bench");
      try {
        java.nio.file.Path generated =
            GeneratedWork.write(spark, folder, file(spark), rows == null ? ROWS : rows);
        RecipeOptions options = RecipeOptions.of(generated.toString(), List.of(), Optional.empty());
        return bench(spark, options.blueprint().recipe());
      } finally {
        FileUtil.fullyDelete(folder.toFile());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot use the folder for temporary files", e);
    }
  }

  private void refuseContradictions() {
    if (repeats < 1) {
      throw Errors.badRecipe("--repeats must be at least 1, is " + repeats + ".");
    }
    if (rows != null && rows < 1) {
      throw Errors.badRecipe("--rows must be at least 1, is " + rows + ".");
    }
    if (recipe != null && (model != null || teacher != null || rows != null)) {
      throw Errors.badRecipe(
          "--recipe brings its own teacher and rows; leave --model, --teacher and --rows away.");
    }
    if (model != null && teacher != null) {
      throw Errors.badRecipe("Give --model or --teacher, not both.");
    }
  }

  private OnnxFile file(SparkSession spark) {
    if (model != null) {
      return OnnxFile.read(new Path(model), spark.sessionState().newHadoopConf());
    }
    GeneratedWork.Teacher made = teacher == null ? GeneratedWork.Teacher.RESNET : teacher;
    return OnnxFile.of(made.onnx(), made.toString());
  }

  private int bench(SparkSession spark, Recipe recipe) {
    TeacherSettings settings =
        recipe.teacher().orElseThrow(() -> Errors.badRecipe("The recipe has no teacher."));
    String onnx =
        settings
            .onnx()
            .orElseThrow(
                () ->
                    Errors.badRecipe("bench teach needs a teacher that exists: set teacher.onnx."));
    Console console = Console.ofProcess();
    int cores = spark.sparkContext().defaultParallelism();
    FeatureSettings features = TeacherPlan.seen(settings, recipe.data());
    OnnxFile file = OnnxFile.read(new Path(onnx), spark.sessionState().newHadoopConf());
    TeacherModel model =
        TeacherModel.inspect(
            settings, file, FeatureShape.of(features.shape()), recipe.data().classes().size());
    BareLoop loop =
        BareLoop.over(
            spark,
            TeacherPlan.shown(settings, recipe.data()),
            recipe.signals().batch(),
            model,
            TeacherPlan.pipeline(settings, recipe.data()).orElseThrow());
    double[] bare = new double[repeats];
    double[] teach = new double[repeats];
    double[] pass = new double[repeats];
    JobClock clock = JobClock.of(spark.sparkContext());
    double bytesPerRow = 0;
    for (int repeat = -1; repeat < repeats; repeat++) {
      double bareRate;
      try (OnnxModel open = model.open(file)) {
        bareRate = loop.rowsPerSecond(open, cores);
      }
      long start = System.nanoTime();
      SignalManifest manifest = teach(spark, recipe, settings, onnx);
      double teachRate = manifest.rows() / ((System.nanoTime() - start) / 1e9);
      double passRate =
          manifest.rows()
              / clock.seconds(OnnxPass.doing(manifest.rows() + manifest.quarantinedRows()));
      bytesPerRow =
          manifest.files().stream().mapToLong(SignalFile::bytes).sum() / (double) manifest.rows();
      console.line(
          String.format(
              Locale.ROOT,
              "  %s  bare loop %,.0f rows/s  teach %,.0f rows/s  ratio %.2f  its pass alone %.2f",
              repeat < 0 ? "warm-up" : "run " + (repeat + 1),
              bareRate,
              teachRate,
              teachRate / bareRate,
              passRate / bareRate));
      if (repeat >= 0) {
        bare[repeat] = bareRate;
        teach[repeat] = teachRate;
        pass[repeat] = passRate;
      }
    }
    ObjectNode summary = Json.object();
    summary
        .put("command", "bench teach")
        .put("rows_per_second", median(teach))
        .put("bare_rows_per_second", median(bare))
        .put("ratio", median(teach) / median(bare))
        .put("pass_ratio", median(pass) / median(bare))
        .put("bytes_per_row", bytesPerRow)
        .put("cores", cores)
        .put("processor", Machine.here().processor());
    return Lakestill.finish(summary, ExitCode.DONE);
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
