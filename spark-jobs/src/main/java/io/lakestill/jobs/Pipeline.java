package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.typesafe.config.ConfigRenderOptions;
import io.lakestill.data.FeaturePipeline;
import io.lakestill.export.Bundle;
import io.lakestill.recipe.FeatureSettings;
import io.lakestill.recipe.ModelRole;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.TeacherSettings;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import io.lakestill.train.CheckpointFolder;
import io.lakestill.train.CheckpointManifest;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/** The stages of one recipe, in the order they depend on each other; each can be run alone. */
final class Pipeline {
  private static final int COMPARED_ROWS = 256;

  private final SparkSession spark;
  private final Blueprint blueprint;
  private final OutputFolder output;
  private final Console console;
  private final StageLog log;
  private final ObjectNode summary;
  private final String runId;
  private final Map<FeaturePipeline, RealRows> comparedRows = new HashMap<>();

  Pipeline(
      SparkSession spark,
      Blueprint blueprint,
      OutputFolder output,
      Console console,
      StageLog log,
      ObjectNode summary,
      String runId) {
    this.spark = spark;
    this.blueprint = blueprint;
    this.output = output;
    this.console = console;
    this.log = log;
    this.summary = summary;
    this.runId = runId;
  }

  /** Runs one stage. */
  void run(Stage stage) {
    switch (stage) {
      case TEACH -> teach();
      case TRAIN -> train();
      case EXPORT -> export();
      case EVALUATE -> evaluate();
    }
  }

  /** The teacher's signal table, and before it the teacher if it is trained here. */
  private void teach() {
    if (recipe().teacher().isEmpty()) {
      console.line("The recipe has no teacher: the student learns from labels alone.");
      return;
    }
    blueprint.teacher().ifPresent(this::trainTeacher);
    String id = teacher().id();
    SignalManifest manifest =
        log.stage(
            "teach " + id,
            () -> {
              SignalManifest taught =
                  TeachJob.run(
                      spark,
                      recipe(),
                      teacherOnnx().toString(),
                      output.signals(id).toString(),
                      runId,
                      progress -> console.progress("  " + progress));
              return taught.runId().equals(runId)
                  ? StageLog.Result.done(taught)
                  : StageLog.Result.alreadyDone(taught);
            });
    console.line(
        String.format(
            Locale.ROOT,
            "  signal table %s, version %d: %,d rows, %,d in quarantine",
            output.signals(id),
            manifest.version(),
            manifest.rows(),
            manifest.quarantinedRows()));
    summary
        .putObject("signals")
        .put("path", output.signals(id).toString())
        .put("version", manifest.version())
        .put("rows", manifest.rows())
        .put("quarantined", manifest.quarantinedRows());
  }

  private void trainTeacher(Blueprint.Training training) {
    int seed = training.firstSeed();
    FeaturePipeline features = teacherFeatures();
    train(ModelRole.TEACHER, training, seed, features, Optional.empty());
    export(ModelRole.TEACHER, training, seed, blueprint.teacherFeatures().orElseThrow(), features);
  }

  /** The student and its scratch twin, for every seed. */
  private void train() {
    Optional<SignalSource> signals =
        recipe().teacher().map(teacher -> signals(output.signals(teacher.id())));
    for (int seed : blueprint.student().settings().seeds()) {
      train(ModelRole.STUDENT, blueprint.student(), seed, blueprint.features(), signals);
      blueprint
          .scratch()
          .ifPresent(twin -> train(ModelRole.SCRATCH, twin, seed, blueprint.features(), signals));
    }
  }

  private SignalSource signals(Path table) {
    return new SignalSource(new SignalTable(table, configuration()), teacherFeatures());
  }

  private void train(
      ModelRole role,
      Blueprint.Training training,
      int seed,
      FeaturePipeline features,
      Optional<SignalSource> signals) {
    TrainJob job =
        new TrainJob(
            recipe().data(),
            features,
            training,
            role,
            seed,
            signals,
            output.checkpoint(role, seed),
            output.tensorBoard(role, seed));
    String stage = "train " + role.written() + ", seed " + seed;
    CheckpointManifest trained =
        log.stage(stage, () -> job.run(spark, new ConsoleTraining(console)));
    console.line(
        String.format(
            Locale.ROOT,
            "  best epoch %d of %d: validation accuracy %.2f %%",
            trained.bestEpoch(),
            trained.history().epochs().size(),
            100 * trained.best().validationAccuracy()));
  }

  /** A bundle for every training of student and scratch twin. */
  private void export() {
    FeatureSettings features = recipe().data().features();
    for (int seed : blueprint.student().settings().seeds()) {
      export(ModelRole.STUDENT, blueprint.student(), seed, features, blueprint.features());
      blueprint
          .scratch()
          .ifPresent(twin -> export(ModelRole.SCRATCH, twin, seed, features, blueprint.features()));
    }
  }

  private void export(
      ModelRole role,
      Blueprint.Training training,
      int seed,
      FeatureSettings features,
      FeaturePipeline pipeline) {
    ExportJob job =
        new ExportJob(
            role,
            new CheckpointFolder(output.checkpoint(role, seed), configuration()),
            output.bundle(role, seed, training.firstSeed()),
            recipe().data().classes(),
            features,
            recipe().source().root().render(ConfigRenderOptions.concise()),
            recipe().teacher().map(teacher -> output.signals(teacher.id())),
            recipe().export());
    Supplier<RealRows> rows = () -> comparedRows.computeIfAbsent(pipeline, this::validationRows);
    log.stage("export " + role.written() + ", seed " + seed, () -> job.run(rows, console));
  }

  private RealRows validationRows(FeaturePipeline pipeline) {
    return RealRows.first(spark, recipe().data(), Split.VALIDATION, pipeline, COMPARED_ROWS);
  }

  /** The scorecard and its verdict. */
  private void evaluate() {
    new Evaluation(spark, blueprint, output, console, log, summary).run(teacherFile());
  }

  private Optional<Path> teacherFile() {
    return recipe().teacher().map(teacher -> teacherOnnx());
  }

  /** The teacher's ONNX file: the given one, or that of the bundle trained here. */
  private Path teacherOnnx() {
    return teacher()
        .onnx()
        .map(Path::new)
        .orElseGet(
            () -> {
              int seed = blueprint.teacher().orElseThrow().firstSeed();
              Bundle bundle =
                  Bundle.open(output.bundle(ModelRole.TEACHER, seed, seed), configuration());
              return new Path(bundle.folder(), bundle.manifest().role().modelFile());
            });
  }

  private FeaturePipeline teacherFeatures() {
    return FeaturePipeline.read(blueprint.teacherFeatures().orElseThrow(), recipe().data().views())
        .orElseThrow();
  }

  private Recipe recipe() {
    return blueprint.recipe();
  }

  private TeacherSettings teacher() {
    return recipe().teacher().orElseThrow();
  }

  private Configuration configuration() {
    return spark.sessionState().newHadoopConf();
  }
}
