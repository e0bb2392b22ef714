package io.lakestill.jobs;

import io.lakestill.bigdl.JobNames;
import io.lakestill.data.FeaturePipeline;
import io.lakestill.error.Errors;
import io.lakestill.io.Sha256;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.TableSettings;
import io.lakestill.recipe.TeacherCheckSettings;
import io.lakestill.recipe.TeacherSettings;
import io.lakestill.signal.InputSnapshot;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalSchema;
import io.lakestill.signal.codec.Codec;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/** A teacher that spoke elsewhere: what it said of each example is found by key in a table. */
final class TablePass implements TeacherPass {
  private final SparkSession spark;
  private final Recipe recipe;
  private final TeacherSettings settings;
  private final Scores scores;
  private final FeaturePipeline pipeline;
  private final InputSnapshot input;
  private final boolean few;

  private final AtomicBoolean unique;

  private TablePass(
      SparkSession spark,
      Recipe recipe,
      TeacherSettings settings,
      Scores scores,
      FeaturePipeline pipeline,
      InputSnapshot input,
      boolean few,
      AtomicBoolean unique) {
    this.spark = spark;
    this.recipe = recipe;
    this.settings = settings;
    this.scores = scores;
    this.pipeline = pipeline;
    this.input = input;
    this.few = few;
    this.unique = unique;
  }

  /**
   * @param settings one of the recipe's teachers, given by a table
   * @throws io.lakestill.error.LakestillException (exit 3) when there is no such table, or its
   *     columns do not fit
   */
  static TablePass of(SparkSession spark, Recipe recipe, TeacherSettings settings) {
    FeaturePipeline pipeline =
        FeaturePipeline.read(recipe.data().features(), recipe.data().views())
            .orElseThrow(() -> Errors.badRecipe("data.views cannot be used with these features."));
    TableSettings table = settings.table().orElseThrow().table();
    // Before anything of it is read, so that a change from here on shows.
    InputSnapshot input =
        InputSnapshot.of(table.path(), table.where(), spark.sessionState().newHadoopConf());
    Scores scores = Scores.open(spark, recipe.data(), settings);
    return new TablePass(
        spark, recipe, settings, scores, pipeline, input, false, new AtomicBoolean());
  }

  /** The table. */
  Scores scores() {
    return scores;
  }

  @Override
  public String id() {
    return settings.id();
  }

  /**
   * Of which table it is and how it is read. What the table holds is not part of it: a table that
   * grows is the same teacher, and {@link #inputs} tell its states apart.
   */
  @Override
  public String sha256() {
    return Sha256.of(
        String.join(
            "\n",
            "lakestill table teacher 1",
            settings.table().orElseThrow().toString(),
            new TreeMap<>(settings.outputs()).toString(),
            recipe.data().classes().toString()));
  }

  @Override
  public String preprocessing() {
    return pipeline.fingerprint();
  }

  @Override
  public SignalSchema schema() {
    List<SignalColumn> columns = new ArrayList<>();
    scores
        .shapes()
        .forEach(
            (signal, shape) ->
                columns.add(
                    new SignalColumn(signal, shape, Codec.of(recipe.signals().codecs(), signal))));
    return new SignalSchema(columns);
  }

  /** It is shown nothing. */
  @Override
  public List<OwnFeatures> own() {
    return List.of();
  }

  @Override
  public TeacherCheckSettings check() {
    return settings.check();
  }

  /** Of the few rows that are asked for otherwise, one task is enough; there are no batches. */
  @Override
  public TablePass inBatches(int batch, int rowsPerTask) {
    return new TablePass(spark, recipe, settings, scores, pipeline, input, true, unique);
  }

  @Override
  public List<InputSnapshot> inputs() {
    return List.of(input);
  }

  @Override
  public List<String> basis() {
    return List.of(id(), sha256(), schema().toString(), pipeline.fingerprint());
  }

  @Override
  public KeyedTasks tasks(long rows) {
    return KeyedTasks.of(rows, recipe.signals().rowsPerTask());
  }

  @Override
  public List<TeachOutcome> run(
      Dataset<Row> work, long rows, Place place, long quarantineLimit, ProgressListener listener) {
    if (!unique.get()) {
      scores.requireUnique();
      unique.set(true);
    }
    KeyedTasks tasks = tasks(rows);
    String stage = "teach " + id();
    try (RowProgress progress = new RowProgress(spark.sparkContext(), stage, rows, listener)) {
      TableTask task =
          new TableTask(
              new TableTask.Plan(
                  schema(),
                  place.stored(),
                  id(),
                  sha256(),
                  recipe.data().features().encoding(),
                  quarantineLimit,
                  place.signals().toString(),
                  place.quarantine().toString()),
              scores.reader().at(work.schema().length()),
              pipeline,
              new SerializableConfiguration(spark.sessionState().newHadoopConf()),
              progress.rows());
      new JobNames(spark.sparkContext())
          .now("%s in %d tasks".formatted(OnnxPass.doing(rows), tasks.count()));
      Dataset<Row> joined = few ? scores.joinedFew(work) : scores.joined(work);
      return tasks.run(joined, task).stream().map(TeachOutcome::ofLine).toList();
    }
  }
}
