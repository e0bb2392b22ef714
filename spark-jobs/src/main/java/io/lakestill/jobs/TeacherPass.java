package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;

import io.lakestill.data.FeaturePipeline;
import io.lakestill.data.FeatureShape;
import io.lakestill.error.Errors;
import io.lakestill.recipe.FeatureSettings;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.TeacherSettings;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalSchema;
import io.lakestill.signal.codec.Codec;
import io.lakestill.teacher.OnnxFile;
import io.lakestill.teacher.SignalOutput;
import io.lakestill.teacher.TeacherModel;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * How a teacher speaks: what decides what it says of a row, and the Spark stage in which it says it
 * of many. What is asked of it, and what becomes of the files, is the concern of {@link TeachJob}.
 */
final class TeacherPass {
  private final SparkSession spark;
  private final Recipe recipe;
  private final TeacherModel teacher;
  private final OnnxFile file;
  private final FeaturePipeline pipeline;

  /**
   * Where a pass leaves its files.
   *
   * @param signals the folder of signal files
   * @param quarantine the folder of quarantine files
   */
  record Place(Path signals, Path quarantine) {}

  private TeacherPass(
      SparkSession spark,
      Recipe recipe,
      TeacherModel teacher,
      OnnxFile file,
      FeaturePipeline pipeline) {
    this.spark = spark;
    this.recipe = recipe;
    this.teacher = teacher;
    this.file = file;
    this.pipeline = pipeline;
  }

  /**
   * @param settings one of the recipe's teachers
   * @param onnx its ONNX file
   * @throws io.lakestill.error.LakestillException (exit 3) when the model does not fit the recipe
   */
  static TeacherPass of(SparkSession spark, Recipe recipe, TeacherSettings settings, String onnx) {
    FeatureSettings seen = TeacherPlan.seen(settings, recipe.data());
    FeaturePipeline pipeline =
        FeaturePipeline.read(seen, recipe.data().views())
            .orElseThrow(() -> Errors.badRecipe("data.views cannot be used with these features."));
    OnnxFile file = OnnxFile.read(new Path(onnx), spark.sessionState().newHadoopConf());
    TeacherModel teacher =
        TeacherModel.inspect(
            settings, file, FeatureShape.of(seen.shape()), recipe.data().classes().size());
    return new TeacherPass(spark, recipe, teacher, file, pipeline);
  }

  String id() {
    return teacher.id();
  }

  /** Of its ONNX file. */
  String sha256() {
    return teacher.sha256();
  }

  /** Of the numbers it is given; see {@link FeaturePipeline#fingerprint}. */
  String preprocessing() {
    return pipeline.fingerprint();
  }

  /** The columns of its files. */
  SignalSchema schema() {
    return new SignalSchema(teacher.outputs().stream().map(this::column).toList());
  }

  private SignalColumn column(SignalOutput output) {
    Codec codec = Codec.of(recipe.signals().codecs(), output.signal());
    return new SignalColumn(output.signal(), output.shape(), codec);
  }

  /** Everything that what it says of a row depends on, but the row itself. */
  List<String> basis() {
    return List.of(
        teacher.id(),
        teacher.sha256(),
        teacher.input() + teacher.outputs(),
        schema().toString(),
        pipeline.fingerprint());
  }

  /**
   * Writes what it says of examples, spread by key over tasks whose number depends only on how many
   * rows there are.
   *
   * @param work {@code sample_id, label, raw, views}
   * @param rows how many rows that makes, all views
   * @param quarantineLimit rows that may go to quarantine, over all tasks
   * @param listener hears the progress
   */
  List<TeachOutcome> run(
      Dataset<Row> work, long rows, Place place, long quarantineLimit, ProgressListener listener) {
    int rowsPerTask = recipe.signals().rowsPerTask();
    int tasks = Math.toIntExact((rows + rowsPerTask - 1) / rowsPerTask);
    String stage = "teach " + teacher.id();
    Configuration configuration = spark.sessionState().newHadoopConf();
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    Broadcast<byte[]> model = context.broadcast(file.bytes());
    try (RowProgress progress = new RowProgress(spark.sparkContext(), stage, rows, listener)) {
      TeachTask task =
          new TeachTask(
              new TeachTask.Plan(
                  schema(),
                  recipe.data().features().encoding(),
                  recipe.signals().batch(),
                  quarantineLimit,
                  place.signals().toString(),
                  place.quarantine().toString()),
              teacher,
              pipeline,
              model,
              configuration,
              progress.rows());
      context.sc().setJobDescription("%s: %d rows in %d tasks".formatted(stage, rows, tasks));
      return work
          .repartition(tasks, col(ExampleTable.SAMPLE_ID))
          .sortWithinPartitions(ExampleTable.SAMPLE_ID)
          .queryExecution()
          .toRdd()
          .toJavaRDD()
          .mapPartitions(task)
          .collect()
          .stream()
          .map(TeachOutcome::ofLine)
          .toList();
    } finally {
      model.destroy();
    }
  }
}
