package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.typesafe.config.ConfigRenderOptions;
import io.lakestill.data.FeaturePipeline;
import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.export.Model;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.FeatureSettings;
import io.lakestill.recipe.ModelRole;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.TeacherSettings;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import io.lakestill.train.CheckpointFolder;
import io.lakestill.train.CheckpointManifest;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/** The stages of one recipe, in the order they depend on each other; each can be run alone. */
final class Pipeline {
  private static final int COMPARED_ROWS = 256;

  /** In the summary: the dates that were committed, also by a run that failed later. */
  static final String TAUGHT = "dates_taught";

  private final SparkSession spark;
  private final Blueprint blueprint;
  private final OutputFolder output;
  private final Console console;
  private final StageLog log;
  private final ObjectNode summary;
  private final String runId;
  private final DateSelection dates;
  private final Runnable still;
  private final TeacherFiles files;
  private final StageFlows flows;
  private final Map<FeaturePipeline, RealRows> comparedRows = new HashMap<>();

  Pipeline(
      SparkSession spark,
      Blueprint blueprint,
      OutputFolder output,
      Console console,
      StageLog log,
      ObjectNode summary,
      String runId) {
    this(spark, blueprint, output, console, log, summary, runId, DateSelection.ALL, () -> {});
  }

  /**
   * @param dates which dates to teach, where the examples have dates
   * @param still refuses when the run has lost the output folder, if it holds that
   */
  Pipeline(
      SparkSession spark,
      Blueprint blueprint,
      OutputFolder output,
      Console console,
      StageLog log,
      ObjectNode summary,
      String runId,
      DateSelection dates,
      Runnable still) {
    this.spark = spark;
    this.blueprint = blueprint;
    this.output = output;
    this.console = console;
    this.log = log;
    this.summary = summary;
    this.runId = runId;
    this.dates = dates;
    this.still = still;
    this.files = new TeacherFiles(blueprint, output, configuration());
    this.flows =
        new StageFlows(blueprint, output, files, DataFlows.of(spark, blueprint.recipe().name()));
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
    if (dates.isAll()) {
      teacher.training().ifPresent(training -> trainTeacher(teacher, training));
    } else {
      requireTrained(teacher);
    }
    String id = teacher.id();
    ConsoleTeaching teaching = new ConsoleTeaching(console);
    SignalManifest manifest =
        log.stage(
            "teach " + id,
            () -> {
              SignalManifest taught =
                  TeachJob.run(
                      spark,
                      recipe(),
                      () -> pass(teacher),
                      output.signals(id).toString(),
                      new TeachJob.Order(
                          runId,
                          dates,
                          console,
                          teaching,
                          still,
                          slice -> slice.date().ifPresent(summary.withArray(TAUGHT)::add)));
              return taught.runId().equals(runId)
                  ? flows.teach(teacher, StageLog.Result.done(taught))
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
    for (SignalColumn column : manifest.signals()) {
      column
          .projection()
          .map(made -> TablePage.projection(made.toJson()))
          .ifPresent(
              made -> console.line("  %s %s %s".formatted(column.name(), column.shape(), made)));
    }
    summarise(id, manifest, teaching);
  }

  /** Runs for single dates may be many at once, and none of them trains what all of them use. */
  private void requireTrained(TeacherPlan teacher) {
    try {
      teacher.training().ifPresent(training -> files.of(teacher));
    } catch (LakestillException e) {
      throw Errors.badInput(
          "Teacher '%s' is trained by this recipe, and cannot be used yet: %s Run teach once without --dt, --from and --to: it trains the teacher, and then teaches every date."
              .formatted(teacher.id(), e.getMessage()),
          e);
    }
  }

  private TeacherPass pass(TeacherPlan teacher) {
    return teacher.settings().table().isPresent()
        ? TablePass.of(spark, recipe(), teacher.settings())
        : OnnxPass.of(spark, recipe(), teacher.settings(), files.of(teacher));
  }

  /** {@code signals} is the one table; of several teachers each is in the list {@code teachers}. */
  private void summarise(String id, SignalManifest manifest, ConsoleTeaching teaching) {
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
    teaching.addTo(table);
  }

  private void trainTeacher(TeacherPlan teacher, Blueprint.Training training) {
    int seed = training.firstSeed();
    DataSettings shown = TeacherPlan.shown(teacher.settings(), recipe().data());
    FeaturePipeline features = teacher.pipeline(recipe().data());
    String name = ModelRole.TEACHER.written() + (severalTeachers() ? " " + teacher.id() : "");
    ModelFolders folders = files.folders(teacher, seed);
    train(shown, ModelRole.TEACHER, name, training, seed, features, List.of(), folders);
    export(shown, ModelRole.TEACHER, name, seed, teacher.features(), features, folders);
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
        recipe().signals().coverage(),
        weights(teacher));
  }

  private Optional<TeacherWeights> weights(TeacherPlan teacher) {
    return teacher.settings().table().isPresent()
        ? Optional.empty()
        : Optional.of(new TeacherWeights(() -> files.of(teacher), teacher.settings().outputs()));
  }

  private void train(
      ModelRole role, Blueprint.Training training, int seed, List<SignalSource> signals) {
    ModelFolders folders = output.model(role, seed, training.firstSeed());
    FeaturePipeline features = blueprint.features();
    train(recipe().data(), role, role.written(), training, seed, features, signals, folders);
  }

  private void train(
      DataSettings data,
      ModelRole role,
      String name,
      Blueprint.Training training,
      int seed,
      FeaturePipeline features,
      List<SignalSource> signals,
      ModelFolders folders) {
    TrainJob job =
        new TrainJob(
            data,
            features,
            training,
            role,
            seed,
            signals,
            folders.checkpoint(),
            folders.tensorBoard());
    String stage = "train " + name + ", seed " + seed;
    CheckpointManifest trained =
        log.stage(
            stage,
            () ->
                flows.train(
                    name, seed, data, folders, job.run(spark, new ConsoleTraining(console))));
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
    DataSettings data = recipe().data();
    FeatureSettings features = data.features();
    ModelFolders folders = output.model(role, seed, blueprint.student().firstSeed());
    export(data, role, role.written(), seed, features, blueprint.features(), folders);
  }

  private void export(
      DataSettings data,
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
    Supplier<RealRows> rows =
        () -> comparedRows.computeIfAbsent(pipeline, seen -> validationRows(data, seen));
    log.stage(
        "export " + name + ", seed " + seed,
        () -> flows.export(name, seed, folders, job.run(rows, console)));
  }

  private RealRows validationRows(DataSettings data, FeaturePipeline pipeline) {
    return RealRows.first(spark, data, Split.VALIDATION, pipeline, COMPARED_ROWS);
  }

  /** The scorecard and its verdict. */
  private void evaluate() {
    new Evaluation(spark, blueprint, output, console, log, summary).run();
  }

  /**
   * Makes the student of the first seed the current version of a model; its gates have been asked.
   */
  void promote(Model target) {
    int seed = blueprint.student().firstSeed();
    Path student = output.bundle(ModelRole.STUDENT, seed, seed);
    PromoteJob job = new PromoteJob(target, student, output, recipe().name(), runId);
    int version =
        log.stage(
            "promote " + target.name(),
            () -> flows.promote(target, student.toString(), job.run(console)));
    if (blueprint.gates().isEmpty()) {
      console.line("  the recipe has no gates (evaluate.gates), so nothing was asked of it");
    }
    console.line("  version %d is current in %s".formatted(version, target.folder()));
    summary
        .putObject("promoted")
        .put("model", target.name())
        .put("version", version)
        .put("path", target.bundle(version).toString());
  }

  private Recipe recipe() {
    return blueprint.recipe();
  }

  private Configuration configuration() {
    return spark.sessionState().newHadoopConf();
  }
}
