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
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
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

  /** The signal table of each teacher, and before it the teacher if it is trained here. */
  private void teach() {
    if (blueprint.teachers().isEmpty()) {
      console.line("The recipe has no teacher: the student learns from labels alone.");
    }
    blueprint.teachers().forEach(this::teach);
  }

  private void teach(TeacherPlan teacher) {
    teacher.training().ifPresent(training -> trainTeacher(teacher, training));
    String id = teacher.id();
    SignalManifest manifest =
        log.stage(
            "teach " + id,
            () -> {
              SignalManifest taught =
                  TeachJob.run(
                      spark,
                      recipe(),
                      teacher.settings(),
                      teacherOnnx(teacher).toString(),
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
            "  signal table %s, version %d: %,d rows, %,d of them taught for it, %,d in quarantine",
            output.signals(id),
            manifest.version(),
            manifest.rows(),
            manifest.newRows(),
            manifest.quarantinedRows()));
    summarise(id, manifest);
  }

  /** {@code signals} is the one table; of several teachers each is in the list {@code teachers}. */
  private void summarise(String id, SignalManifest manifest) {
    ObjectNode table =
        severalTeachers()
            ? summary.withArray("teachers").addObject().put("id", id)
            : summary.putObject("signals");
    table
        .put("path", output.signals(id).toString())
        .put("version", manifest.version())
        .put("rows", manifest.rows())
        .put("new_rows", manifest.newRows())
        .put("quarantined", manifest.quarantinedRows());
  }

  private void trainTeacher(TeacherPlan teacher, Blueprint.Training training) {
    int seed = training.firstSeed();
    FeaturePipeline features = teacher.pipeline(recipe().data());
    String name = ModelRole.TEACHER.written() + (severalTeachers() ? " " + teacher.id() : "");
    ModelFolders folders = folders(teacher, seed);
    train(ModelRole.TEACHER, name, training, seed, features, List.of(), folders);
    export(ModelRole.TEACHER, name, seed, teacher.features(), features, folders);
  }

  private ModelFolders folders(TeacherPlan teacher, int seed) {
    return severalTeachers()
        ? output.teacher(teacher.id(), seed)
        : output.model(ModelRole.TEACHER, seed, seed);
  }

  private boolean severalTeachers() {
    return blueprint.teachers().size() > 1;
  }

  /** The student and its scratch twin, for every seed. */
  private void train() {
    List<SignalSource> signals = blueprint.teachers().stream().map(this::signals).toList();
    for (int seed : blueprint.student().settings().seeds()) {
      train(ModelRole.STUDENT, blueprint.student(), seed, signals);
      blueprint.scratch().ifPresent(twin -> train(ModelRole.SCRATCH, twin, seed, signals));
    }
  }

  private SignalSource signals(TeacherPlan teacher) {
    return new SignalSource(
        new SignalTable(output.signals(teacher.id()), configuration()),
        teacher.pipeline(recipe().data()),
        recipe().signals().coverage());
  }

  private void train(
      ModelRole role, Blueprint.Training training, int seed, List<SignalSource> signals) {
    ModelFolders folders = output.model(role, seed, training.firstSeed());
    train(role, role.written(), training, seed, blueprint.features(), signals, folders);
  }

  private void train(
      ModelRole role,
      String name,
      Blueprint.Training training,
      int seed,
      FeaturePipeline features,
      List<SignalSource> signals,
      ModelFolders folders) {
    TrainJob job =
        new TrainJob(
            recipe().data(),
            features,
            training,
            role,
            seed,
            signals,
            folders.checkpoint(),
            folders.tensorBoard());
    String stage = "train " + name + ", seed " + seed;
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
    for (int seed : blueprint.student().settings().seeds()) {
      export(ModelRole.STUDENT, seed);
      blueprint.scratch().ifPresent(twin -> export(ModelRole.SCRATCH, seed));
    }
  }

  private void export(ModelRole role, int seed) {
    FeatureSettings features = recipe().data().features();
    ModelFolders folders = output.model(role, seed, blueprint.student().firstSeed());
    export(role, role.written(), seed, features, blueprint.features(), folders);
  }

  private void export(
      ModelRole role,
      String name,
      int seed,
      FeatureSettings features,
      FeaturePipeline pipeline,
      ModelFolders folders) {
    ExportJob job =
        new ExportJob(
            role,
            new CheckpointFolder(folders.checkpoint(), configuration()),
            folders.bundle(),
            recipe().data().classes(),
            features,
            recipe().source().root().render(ConfigRenderOptions.concise()),
            recipe().teachers().stream()
                .map(TeacherSettings::id)
                .collect(Collectors.toMap(id -> id, output::signals)),
            recipe().export());
    Supplier<RealRows> rows = () -> comparedRows.computeIfAbsent(pipeline, this::validationRows);
    log.stage("export " + name + ", seed " + seed, () -> job.run(rows, console));
  }

  private RealRows validationRows(FeaturePipeline pipeline) {
    return RealRows.first(spark, recipe().data(), Split.VALIDATION, pipeline, COMPARED_ROWS);
  }

  /** The scorecard and its verdict. */
  private void evaluate() {
    List<Evaluation.Teacher> teachers =
        blueprint.teachers().stream()
            .map(teacher -> new Evaluation.Teacher(teacher, teacherOnnx(teacher)))
            .toList();
    new Evaluation(spark, blueprint, output, console, log, summary).run(teachers);
  }

  /** A teacher's ONNX file: the given one, or that of the bundle trained here. */
  private Path teacherOnnx(TeacherPlan teacher) {
    return teacher
        .settings()
        .onnx()
        .map(Path::new)
        .orElseGet(
            () -> {
              int seed = teacher.training().orElseThrow().firstSeed();
              Bundle bundle = Bundle.open(folders(teacher, seed).bundle(), configuration());
              return new Path(bundle.folder(), bundle.manifest().role().modelFile());
            });
  }

  private Recipe recipe() {
    return blueprint.recipe();
  }

  private Configuration configuration() {
    return spark.sessionState().newHadoopConf();
  }
}
