package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;

import io.lakestill.bigdl.JobNames;
import io.lakestill.data.FeaturePipeline;
import io.lakestill.data.FeatureShape;
import io.lakestill.error.Errors;
import io.lakestill.recipe.FeatureSettings;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.TeacherCheckSettings;
import io.lakestill.recipe.TeacherSettings;
import io.lakestill.signal.InputSnapshot;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalSchema;
import io.lakestill.signal.codec.Codec;
import io.lakestill.teacher.OnnxFile;
import io.lakestill.teacher.SignalOutput;
import io.lakestill.teacher.TeacherModel;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** A teacher that is a model: it is shown every row. */
final class OnnxPass implements TeacherPass {
  private final SparkSession spark;
  private final Recipe recipe;
  private final TeacherModel teacher;
  private final OnnxFile file;
  private final FeaturePipeline pipeline;
  private final List<OwnFeatures> own;
  private final TeacherCheckSettings check;
  private final int batch;
  private final int rowsPerTask;

  private OnnxPass(
      SparkSession spark,
      Recipe recipe,
      TeacherModel teacher,
      OnnxFile file,
      FeaturePipeline pipeline,
      List<OwnFeatures> own,
      TeacherCheckSettings check,
      int batch,
      int rowsPerTask) {
    this.spark = spark;
    this.recipe = recipe;
    this.teacher = teacher;
    this.file = file;
    this.pipeline = pipeline;
    this.own = own;
    this.check = check;
    this.batch = batch;
    this.rowsPerTask = rowsPerTask;
  }

  /**
   * @param settings one of the recipe's teachers
   * @param file its model
   * @throws io.lakestill.error.LakestillException (exit 3) when the model does not fit the recipe
   */
  static OnnxPass of(SparkSession spark, Recipe recipe, TeacherSettings settings, OnnxFile file) {
    FeatureSettings seen = TeacherPlan.seen(settings, recipe.data());
    FeaturePipeline pipeline =
        TeacherPlan.pipeline(settings, recipe.data())
            .orElseThrow(() -> Errors.badRecipe("data.views cannot be used with these features."));
    TeacherModel teacher =
        TeacherModel.inspect(
            settings, file, FeatureShape.of(seen.shape()), recipe.data().classes().size());
    int batch = recipe.signals().batch();
    int rowsPerTask = recipe.signals().rowsPerTask();
    return new OnnxPass(
        spark,
        recipe,
        teacher,
        file,
        pipeline,
        OwnFeatures.of(recipe, settings),
        settings.check(),
        batch,
        rowsPerTask);
  }

  @Override
  public OnnxPass inBatches(int otherBatch, int otherRowsPerTask) {
    return new OnnxPass(
        spark, recipe, teacher, file, pipeline, own, check, otherBatch, otherRowsPerTask);
  }

  @Override
  public List<OwnFeatures> own() {
    return own;
  }

  @Override
  public TeacherCheckSettings check() {
    return check;
  }

  @Override
  public String id() {
    return teacher.id();
  }

  @Override
  public String sha256() {
    return teacher.sha256();
  }

  @Override
  public String preprocessing() {
    return pipeline.fingerprint();
  }

  @Override
  public SignalSchema schema() {
    return new SignalSchema(
        teacher.outputs().stream().map(this::column).toList(),
        own.isEmpty() ? SignalSchema.Shown.FEATURES : SignalSchema.Shown.OWN_FEATURES);
  }

  private SignalColumn column(SignalOutput output) {
    Codec codec = Codec.of(recipe.signals().codecs(), output.signal());
    return new SignalColumn(output.signal(), output.shape(), codec);
  }

  private Dataset<Row> columns(Dataset<Row> work) {
    List<Column> columns = new ArrayList<>();
    Stream.of(ExampleTable.SAMPLE_ID, ExampleTable.LABEL, ExampleTable.RAW, KeyComparison.VIEWS)
        .forEach(name -> columns.add(col(name)));
    if (!own.isEmpty()) {
      columns.add(col(ExampleTable.own(0)));
    }
    return work.select(columns.toArray(Column[]::new));
  }

  @Override
  public List<InputSnapshot> inputs() {
    return List.of();
  }

  @Override
  public List<String> basis() {
    List<String> parts = new ArrayList<>();
    parts.add(teacher.id());
    parts.add(teacher.sha256());
    parts.add(teacher.input() + teacher.outputs());
    parts.add(schema().toString());
    parts.add(pipeline.fingerprint());
    if (!own.isEmpty()) {
      // Otherwise the pipeline says what the content of a row is the hash of.
      FeatureSettings student = recipe.data().features();
      parts.add("content of " + student.columns() + " " + student.encoding());
    }
    return parts;
  }

  @Override
  public KeyedTasks tasks(long rows) {
    return KeyedTasks.of(rows, rowsPerTask);
  }

  /** How the jobs of a pass over so many rows are called, and what follows it in some. */
  static String doing(long rows) {
    return "score %d rows".formatted(rows);
  }

  @Override
  public List<TeachOutcome> run(
      Dataset<Row> work, long rows, Place place, long quarantineLimit, ProgressListener listener) {
    KeyedTasks tasks = tasks(rows);
    String stage = "teach " + teacher.id();
    Configuration configuration = spark.sessionState().newHadoopConf();
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    Broadcast<byte[]> model = context.broadcast(file.bytes());
    try (RowProgress progress = new RowProgress(spark.sparkContext(), stage, rows, listener)) {
      TeachTask task =
          new TeachTask(
              new TeachTask.Plan(
                  schema(),
                  place.stored(),
                  RawCells.of(recipe.data().features(), own),
                  batch,
                  quarantineLimit,
                  place.signals().toString(),
                  place.quarantine().toString()),
              teacher,
              pipeline,
              model,
              configuration,
              progress.rows());
      new JobNames(context.sc()).now("%s in %d tasks".formatted(doing(rows), tasks.count()));
      return tasks.run(columns(work), task).stream().map(TeachOutcome::ofLine).toList();
    } finally {
      model.destroy();
    }
  }
}
