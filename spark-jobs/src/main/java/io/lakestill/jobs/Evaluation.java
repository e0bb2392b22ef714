package io.lakestill.jobs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.typesafe.config.ConfigRenderOptions;
import io.lakestill.bigdl.JobNames;
import io.lakestill.data.FeaturePipeline;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Build;
import io.lakestill.io.Json;
import io.lakestill.io.Sha256;
import io.lakestill.io.StoredFile;
import io.lakestill.metric.ClassificationTally;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.ModelRole;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.TableSettings;
import io.lakestill.report.Machine;
import io.lakestill.report.ModelScore;
import io.lakestill.report.Provenance;
import io.lakestill.report.Scorecard;
import io.lakestill.report.SeedScore;
import io.lakestill.report.TeacherScore;
import io.lakestill.report.TrainingCurve;
import io.lakestill.report.page.ScorecardPage;
import io.lakestill.signal.InputSnapshot;
import io.lakestill.signal.SignalTable;
import io.lakestill.train.CheckpointFolder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;

/** The evaluate stage: measures every model of a run, writes the scorecard, asks the gates. */
final class Evaluation {
  private static final int TIMED_ROWS = 64;

  private final SparkSession spark;
  private final Blueprint blueprint;
  private final Recipe recipe;
  private final OutputFolder output;
  private final Console console;
  private final StageLog log;
  private final ObjectNode summary;
  private final List<Entrant> entrants = new ArrayList<>();

  private final List<String> unmeasured = new ArrayList<>();

  /** An entrant that was measured. */
  private record Scored(Entrant entrant, ModelScore score) {}

  Evaluation(
      SparkSession spark,
      Blueprint blueprint,
      OutputFolder output,
      Console console,
      StageLog log,
      ObjectNode summary) {
    this.spark = spark;
    this.blueprint = blueprint;
    this.recipe = blueprint.recipe();
    this.output = output;
    this.console = console;
    this.log = log;
    this.summary = summary;
  }

  /**
   * @throws io.lakestill.error.LakestillException (exit 3) when a bundle is missing, or a table of
   *     scores knows some of the test rows, (exit 6) when a gate refuses; the scorecard is written
   *     then, too
   */
  void run() {
    Scorecard card = log.stage("evaluate", this::measured);
    Scorecard judged = card.judgedBy(blueprint.gates());
    write(judged);
    new ScorecardLines(console).show(judged);
    console.line("  " + output.scorecardPage());
    judged.throwIfRefused();
  }

  private StageLog.Result<Scorecard> measured() {
    entrants.addAll(new Entrants(spark, blueprint, output).all());
    String fingerprint = fingerprint();
    Optional<Scorecard> done =
        existing().filter(card -> card.provenance().fingerprint().equals(fingerprint));
    if (done.isPresent()) {
      // The fingerprint says that it is still the same table, so what was not scored was left out.
      new JobNames(spark.sparkContext()).now("count the test rows");
      long rows = LakeTable.read(spark, recipe.data().test()).count();
      summary.put("left_out", rows - done.get().testRows());
      return StageLog.Result.alreadyDone(done.get());
    }
    return StageLog.Result.done(measure(fingerprint));
  }

  /** The scorecard of an earlier run; one that cannot be read is measured again. */
  private Optional<Scorecard> existing() {
    String origin = output.scorecard().toString();
    try {
      return new StoredFile(output.scorecard(), configuration())
          .text()
          .map(text -> Scorecard.fromJson(Json.parse(text, origin), origin));
    } catch (LakestillException e) {
      console.line("  " + e.getMessage());
      return Optional.empty();
    }
  }

  /** SHA-256 over the models, how they see an example, the test rows and what is measured. */
  private String fingerprint() {
    TableSettings test = recipe.data().test();
    List<String> parts = new ArrayList<>();
    parts.add("lakestill evaluate 1 " + Build.version());
    parts.add(recipe.name() + " " + recipe.data().classes());
    parts.add("key " + recipe.data().id() + ", label " + recipe.data().label());
    parts.add("bins " + recipe.evaluate().calibrationBins());
    parts.add("may leave out " + recipe.signals().quarantineBudget());
    parts.add(InputSnapshot.of(test.path(), test.where(), configuration()).toString());
    for (Entrant entrant : entrants) {
      parts.add(entrant.name() + " " + entrant.seed() + " " + entrant.identity());
    }
    return Sha256.of(String.join("\n", parts));
  }

  private Scorecard measure(String fingerprint) {
    entrants.removeIf(this::cannotBeMeasured);
    List<Entrant> teachers = entrants.stream().filter(e -> e.role() == ModelRole.TEACHER).toList();
    TestScores measured =
        EvaluateJob.run(
            spark,
            recipe,
            entrants.stream().map(Entrant::candidate).toList(),
            teachers.size(),
            progress -> console.progress("  " + progress));
    report(measured);
    List<ClassificationTally> tallies = measured.tallies();
    List<Scored> scored = scored(tallies);
    return new Scorecard(
        provenance(fingerprint),
        recipe.data().classes(),
        tallies.get(0).rows(),
        first(ModelRole.TEACHER, scored),
        first(ModelRole.STUDENT, scored).orElseThrow(),
        first(ModelRole.SCRATCH, scored),
        perSeed(scored),
        curves(),
        List.of(),
        several(teachers, scored),
        unmeasured);
  }

  /** A table that knows no test row cannot be asked about them. */
  private boolean cannotBeMeasured(Entrant entrant) {
    boolean silent =
        entrant.candidate() instanceof Scores scores && !scores.measurable(spark, recipe.data());
    if (silent) {
      unmeasured.add(entrant.name());
    }
    return silent;
  }

  /** The own score of each of several teachers, which entered first and in this order. */
  private List<TeacherScore> several(List<Entrant> teachers, List<Scored> scored) {
    List<TeacherScore> several = new ArrayList<>();
    for (int k = 0; blueprint.teachers().size() > 1 && k < teachers.size(); k++) {
      several.add(TeacherScore.of(teachers.get(k).name(), scored.get(k).score()));
    }
    return several;
  }

  private void report(TestScores measured) {
    summary.put("left_out", measured.leftOut());
    if (measured.leftOut() > 0) {
      console.line(
          "  test rows left out for all models: %d, such as %s"
              .formatted(measured.leftOut(), String.join(", ", measured.examples())));
    }
  }

  /** Adds to each tally the speed, measured on the same few test rows. */
  private List<Scored> scored(List<ClassificationTally> tallies) {
    Map<FeaturePipeline, RealRows> rows = new HashMap<>();
    List<Scored> scored = new ArrayList<>();
    for (int k = 0; k < entrants.size(); k++) {
      ModelScore score =
          entrants
              .get(k)
              .score(
                  tallies.get(k),
                  model -> rows.computeIfAbsent(model.features(), seen -> timedRows(model)));
      scored.add(new Scored(entrants.get(k), score));
    }
    return scored;
  }

  private RealRows timedRows(Contestant model) {
    DataSettings data = recipe.data();
    DataSettings shown =
        model.own().stream().findFirst().map(own -> data.showing(own.features())).orElse(data);
    return RealRows.first(spark, shown, Split.TEST, model.features(), TIMED_ROWS);
  }

  /** The score of a role's first seed, whose bundle stands in the role's folder. */
  private static Optional<ModelScore> first(ModelRole role, List<Scored> scored) {
    return scored.stream().filter(s -> s.entrant().role() == role).map(Scored::score).findFirst();
  }

  private List<SeedScore> perSeed(List<Scored> scored) {
    return blueprint.student().settings().seeds().stream()
        .map(
            seed ->
                new SeedScore(
                    seed,
                    measures(ModelRole.STUDENT, seed, scored).orElseThrow(),
                    measures(ModelRole.SCRATCH, seed, scored)))
        .toList();
  }

  private static Optional<SeedScore.Measures> measures(
      ModelRole role, int seed, List<Scored> scored) {
    return scored.stream()
        .filter(s -> s.entrant().role() == role && s.entrant().seed() == seed)
        .map(s -> SeedScore.Measures.of(s.score()))
        .findFirst();
  }

  private List<TrainingCurve> curves() {
    List<TrainingCurve> curves = new ArrayList<>();
    for (Entrant entrant : entrants) {
      entrant
          .checkpoint()
          .flatMap(path -> new CheckpointFolder(path, configuration()).manifest())
          .ifPresent(
              trained ->
                  curves.add(
                      TrainingCurve.of(
                          entrant.role(), entrant.seed(), trained.bestEpoch(), trained.history())));
    }
    return curves;
  }

  private Provenance provenance(String fingerprint) {
    String text = recipe.source().root().render(ConfigRenderOptions.concise());
    return new Provenance(
        recipe.name(),
        Sha256.of(text),
        fingerprint,
        Instant.now().truncatedTo(ChronoUnit.SECONDS),
        Build.version(),
        Machine.here(),
        signalTables(),
        log.worked().stream()
            .map(entry -> new Provenance.StageTime(entry.stage(), entry.seconds()))
            .toList());
  }

  /** Of every teacher that has spoken. */
  private List<Provenance.SignalTableVersion> signalTables() {
    return recipe.teachers().stream()
        .map(teacher -> new SignalTable(output.signals(teacher.id()), configuration()))
        .flatMap(
            table ->
                table.current().stream()
                    .map(
                        manifest ->
                            new Provenance.SignalTableVersion(
                                table.root().toString(), manifest.version())))
        .toList();
  }

  private void write(Scorecard card) {
    new StoredFile(output.scorecardPage(), configuration()).replace(ScorecardPage.html(card));
    new StoredFile(output.scorecard(), configuration()).replace(Json.pretty(card.toJson()));
    summary.put("scorecard", output.scorecard().toString());
    summary.put("passed", card.passed());
    card.teacher().ifPresent(teacher -> summary.put("teacher_accuracy", teacher.accuracy()));
    summary.put("student_accuracy", card.student().accuracy());
    card.scratch().ifPresent(scratch -> summary.put("scratch_accuracy", scratch.accuracy()));
  }

  private Configuration configuration() {
    return spark.sessionState().newHadoopConf();
  }
}
