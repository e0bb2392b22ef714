package io.lakestill.jobs;

import static org.apache.spark.sql.functions.lit;

import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Build;
import io.lakestill.io.Sha256;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.TableSettings;
import io.lakestill.recipe.TeacherSettings;
import io.lakestill.signal.InputSnapshot;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The teach stage: every view of every training example, and every validation example as it is,
 * through the teacher into a new version of its signal table. What the current version has of them,
 * made in the same way from the same content, is kept where it is.
 *
 * <p>Rows are spread by key over a number of tasks that depends only on how many there are, and
 * sorted by key within each. So files hold the same bytes whatever the cluster, the order of the
 * table or the history of the run.
 */
public final class TeachJob {
  private static final Logger LOG = LoggerFactory.getLogger(TeachJob.class);
  private static final String VIEWS = "views";
  private static final int SHOWN = 5;

  private final SparkSession spark;
  private final DataSettings data;
  private final Recipe recipe;
  private final TeacherPass teacher;
  private final SignalTable table;
  private final String codeVersion = Build.version();

  private TeachJob(SparkSession spark, Recipe recipe, TeacherPass teacher, SignalTable table) {
    this.spark = spark;
    this.recipe = recipe;
    this.data = recipe.data();
    this.teacher = teacher;
    this.table = table;
  }

  /**
   * Runs the stage, or finds that it is already done: then the manifest is the one of the run that
   * did it.
   *
   * @param spark the session
   * @param recipe the recipe
   * @param settings one of its teachers
   * @param onnx the teacher's ONNX file
   * @param root the folder of its signal table
   * @param runId names this run in the manifest
   * @param listener hears the progress
   * @return the manifest of the current version
   * @throws LakestillException (exit 3) when teacher or tables break their contract, or more rows
   *     go to quarantine than the recipe allows, (exit 75) when a table changed meanwhile; the
   *     version that was current stays current
   */
  public static SignalManifest run(
      SparkSession spark,
      Recipe recipe,
      TeacherSettings settings,
      String onnx,
      String root,
      String runId,
      ProgressListener listener) {
    try {
      TeacherPass teacher = TeacherPass.of(spark, recipe, settings, onnx);
      SignalTable table = new SignalTable(new Path(root), spark.sessionState().newHadoopConf());
      return new TeachJob(spark, recipe, teacher, table).run(runId, listener);
    } catch (Exception e) {
      throw SparkFailures.worded(e, "teach");
    }
  }

  private SignalManifest run(String runId, ProgressListener listener) {
    List<InputSnapshot> inputs = inputs();
    String fingerprint = fingerprint(inputs);
    Optional<SignalManifest> done = alreadyDone(fingerprint);
    if (done.isPresent()) {
      return done.get();
    }
    ExampleTable.Examples train = ExampleTable.checked(spark, data, Split.TRAIN);
    ExampleTable.Examples validation = ExampleTable.checked(spark, data, Split.VALIDATION);
    if (data.validation().isPresent()) {
      ExampleTable.refuseShared(spark, data, Split.TRAIN, Split.VALIDATION);
    }
    long rows = Math.addExact(train.count() * data.views().count(), validation.count());
    int version = table.nextVersion();
    Dataset<Row> work =
        train
            .rows()
            .withColumn(VIEWS, lit(data.views().count()))
            .union(validation.rows().withColumn(VIEWS, lit(1)));
    try (TeachIncrement increment = increment(work, rows)) {
      List<TeachOutcome> outcomes = teach(increment, rows, version, listener);
      checkQuarantine(outcomes, rows, version);
      SignalManifest manifest = manifest(runId, fingerprint, inputs, version, increment, outcomes);
      requireAllTaught(manifest, rows);
      table.commit(manifest);
      return manifest;
    }
  }

  /** What the current version does not have yet; everything, if it was made in another way. */
  private TeachIncrement increment(Dataset<Row> work, long rows) {
    try {
      Optional<SignalManifest> base =
          table.current().filter(manifest -> manifest.basis().equals(Optional.of(basis())));
      base.ifPresent(table::checkFiles);
      return base.filter(manifest -> manifest.rows() > 0)
          .map(manifest -> new SignalVersion(table, manifest))
          .map(v -> TeachIncrement.since(spark, v, work, rows, data.features().encoding()))
          .orElseGet(() -> TeachIncrement.all(work, rows));
    } catch (LakestillException e) {
      LOG.warn("event=teach-all reason=\"{}\"", e.getMessage());
      return TeachIncrement.all(work, rows);
    }
  }

  private void requireAllTaught(SignalManifest manifest, long rows) {
    if (manifest.rows() + manifest.quarantinedRows() != rows) {
      LOG.warn(
          "event=table-changed counted={} taught={} quarantined={}",
          rows,
          manifest.rows(),
          manifest.quarantinedRows());
      throw Errors.tableChanged(
          manifest.inputs().stream()
              .map(InputSnapshot::path)
              .collect(Collectors.joining("' or '")));
    }
  }

  private List<InputSnapshot> inputs() {
    return Stream.of(Split.TRAIN, Split.VALIDATION)
        .map(split -> ExampleTable.table(data, split))
        .distinct()
        .map(this::snapshot)
        .toList();
  }

  private InputSnapshot snapshot(TableSettings input) {
    return InputSnapshot.of(input.path(), input.where(), table.configuration());
  }

  /** SHA-256 over everything the signals of a row depend on but the row itself. */
  private String basis() {
    List<String> parts = new ArrayList<>();
    parts.add("lakestill teach " + SignalManifest.FORMAT_VERSION);
    parts.addAll(teacher.basis());
    parts.add("views " + data.views().count());
    parts.add("classes " + data.classes());
    return Sha256.of(String.join("\n", parts));
  }

  /** SHA-256 over everything the signals depend on. */
  private String fingerprint(List<InputSnapshot> inputs) {
    List<String> parts = new ArrayList<>();
    parts.add(basis());
    parts.add("key " + data.id() + ", label " + data.label());
    parts.add(
        data.validation().isPresent() ? "validation" : "held out " + data.validationFraction());
    inputs.forEach(input -> parts.add(input.toString()));
    return Sha256.of(String.join("\n", parts));
  }

  private Optional<SignalManifest> alreadyDone(String fingerprint) {
    Optional<SignalManifest> current =
        table.current().filter(manifest -> manifest.fingerprint().equals(fingerprint));
    try {
      current.ifPresent(table::checkFiles);
      return current;
    } catch (LakestillException e) {
      LOG.warn("event=teach-again reason=\"{}\"", e.getMessage());
      return Optional.empty();
    }
  }

  /**
   * @param all rows of the whole table, which the quarantine budget is a part of
   */
  private List<TeachOutcome> teach(
      TeachIncrement increment, long all, int version, ProgressListener listener) {
    TeacherPass.Place place =
        new TeacherPass.Place(table.folder(version), table.quarantineFolder(version));
    return increment.rows() == 0
        ? List.of()
        : teacher.run(increment.work(), increment.rows(), place, quarantineLimit(all), listener);
  }

  private long quarantineLimit(long rows) {
    return (long) (recipe.signals().quarantineBudget() * rows);
  }

  private void checkQuarantine(List<TeachOutcome> outcomes, long rows, int version) {
    long quarantined =
        outcomes.stream().flatMap(o -> o.quarantine().stream()).mapToLong(f -> f.rows()).sum();
    if (quarantined <= quarantineLimit(rows)) {
      return;
    }
    boolean gaveUp = outcomes.stream().anyMatch(TeachOutcome::gaveUp);
    List<String> examples =
        outcomes.stream()
            .map(TeachOutcome::examples)
            .flatMap(Collection::stream)
            .limit(SHOWN)
            .toList();
    throw Errors.badInput(
        ("Teach put %s%d of %d rows into quarantine, signals.quarantine-budget = %s allows %d; such"
                + " as %s. The rows and reasons are in '%s'. The signal table is as it was; correct"
                + " the rows or the teacher, or raise the budget.")
            .formatted(
                gaveUp ? "at least " : "",
                quarantined,
                rows,
                recipe.signals().quarantineBudget(),
                quarantineLimit(rows),
                String.join("; ", examples),
                table.quarantineFolder(version)));
  }

  private SignalManifest manifest(
      String runId,
      String fingerprint,
      List<InputSnapshot> inputs,
      int version,
      TeachIncrement increment,
      List<TeachOutcome> outcomes) {
    return new SignalManifest(
        version,
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        runId,
        codeVersion,
        fingerprint,
        new SignalManifest.Teacher(teacher.id(), teacher.sha256()),
        teacher.preprocessing(),
        teacher.schema().signals(),
        data.classes(),
        new SignalManifest.Views(data.views().count(), data.views().seed()),
        inputs,
        increment.files(outcomes.stream().flatMap(o -> o.signals().stream()).toList()),
        outcomes.stream().flatMap(outcome -> outcome.quarantine().stream()).toList(),
        Optional.of(basis()),
        increment.tombstones(increment.bury(table, version)),
        increment.allDeadRows());
  }
}
