package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.when;

import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Build;
import io.lakestill.io.Meter;
import io.lakestill.io.Sha256;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.Recipe;
import io.lakestill.signal.Content;
import io.lakestill.signal.InputSnapshot;
import io.lakestill.signal.SignalFile;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalSchema;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.Slice;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes one slice of a signal table, of one date or of all examples, and commits nothing: what of
 * it the current version has, made in the same way from the same content, is kept where it is, and
 * the teacher is asked for the rest.
 */
final class SliceTeaching {
  private static final Logger LOG = LoggerFactory.getLogger(SliceTeaching.class);

  private final SparkSession spark;
  private final Recipe recipe;
  private final DataSettings data;
  private final TeacherPass teacher;
  private final SignalProjections projections;
  private final SignalTable table;
  private final SliceStore store;
  private final Optional<String> date;
  private final boolean emptied;

  /**
   * @param store where rows are put
   * @param date whose examples; empty for all of them, in a table without dates
   * @param emptied whether a slice may become empty
   */
  SliceTeaching(
      SparkSession spark,
      Recipe recipe,
      TeacherPass teacher,
      SignalTable table,
      SliceStore store,
      Optional<String> date,
      boolean emptied) {
    this.spark = spark;
    this.recipe = recipe;
    this.data = date.map(recipe.data()::on).orElse(recipe.data());
    this.teacher = teacher;
    this.projections = new SignalProjections(teacher.schema(), recipe.signals().projections());
    this.table = table;
    this.store = store;
    this.date = date;
    this.emptied = emptied;
  }

  /**
   * Whoever calls this has the date, or the folder of a table without dates, for itself.
   *
   * @param inputs the files that hold the examples
   * @param runId names this run in the manifest
   * @param still refuses when the run has lost what it holds
   * @param listener hears the progress
   * @return a version that holds the slice alone; empty when the current one has it already
   * @throws LakestillException (exit 3) when teacher or tables break their contract, a check of the
   *     teacher fails, or more rows go to quarantine than the recipe allows, (exit 75) when a table
   *     changed meanwhile
   */
  Optional<SignalManifest> teach(
      Optional<SignalManifest> current,
      List<InputSnapshot> inputs,
      String runId,
      Runnable still,
      ProgressListener listener) {
    List<InputSnapshot> read = new ArrayList<>(inputs);
    read.addAll(teacher.inputs());
    String fingerprint = fingerprint(read);
    if (isDone(current, fingerprint)) {
      return Optional.empty();
    }
    // A date may have none for training, or none held out for validation.
    ExampleTable.Learned examples =
        ExampleTable.learned(spark, data, teacher.own(), date.isPresent());
    long rows = Math.addExact(examples.training() * data.views().count(), examples.validation());
    if (rows == 0 && date.isPresent() && !mayEmpty(current)) {
      return Optional.empty();
    }
    int number = table.numbers().claim();
    Optional<SignalManifest> alike = alike(current);
    StoredSignals stored = projections.of(table, alike, sample(number));
    try (TeachIncrement increment = increment(alike.flatMap(this::base), work(examples), rows)) {
      List<TeachOutcome> outcomes = pass(increment, stored, rows, read, number, listener);
      Slice written = slice(runId, fingerprint, read, number, increment, outcomes);
      long kept = increment.keptRows() + written.rows() + written.quarantinedRows();
      requireAllTaught(kept, rows, read);
      SignalManifest staged = manifest(runId, stored.schema(), written);
      return Optional.of(store.place(staged, current, increment, still));
    }
  }

  /**
   * False where there is nothing to empty. A date without examples is more often mistyped, or not
   * there yet, than meant.
   */
  private boolean mayEmpty(Optional<SignalManifest> current) {
    Optional<Slice> slice = current.flatMap(version -> version.slice(date));
    long had = slice.map(old -> old.rows() + old.quarantinedRows()).orElse(0L);
    if (had > 0 && !emptied) {
      throw Errors.badInput(
          ("There are no examples of %s any more, of which the signal table has %d rows; it is as"
                  + " it was. Correct the date, the table or its condition (data.train-where); if the"
                  + " examples are meant to be gone, teach with --allow-empty, or teach all dates,"
                  + " which drops those that vanished.")
              .formatted(date.orElseThrow(), had));
    }
    return had > 0;
  }

  private Dataset<Row> work(ExampleTable.Learned examples) {
    Column views = when(col(ExampleTable.HELD_OUT), 1).otherwise(data.views().count());
    return examples.rows().withColumn(KeyComparison.VIEWS, views).drop(ExampleTable.HELD_OUT);
  }

  /** Of all dates, so that runs of different dates find the same projectors. */
  private TeacherSample sample(int number) {
    Path folder = new Path(table.folder(Content.QUARANTINE, number, date), "sample");
    return new TeacherSample(spark, recipe, teacher, folder);
  }

  /** SHA-256 over everything the signals of a row depend on but the row itself. */
  String basis() {
    List<String> parts = new ArrayList<>();
    parts.add("lakestill teach 2");
    parts.addAll(teacher.basis());
    parts.addAll(projections.basis());
    parts.add("views " + data.views().count());
    parts.add("classes " + data.classes());
    data.date().ifPresent(column -> parts.add("date " + column));
    SliceStore.rowStore(recipe, teacher.id()).ifPresent(other -> parts.add("store " + other));
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

  private boolean isDone(Optional<SignalManifest> current, String fingerprint) {
    Optional<Slice> done =
        current
            .flatMap(manifest -> manifest.slice(date))
            .filter(slice -> slice.fingerprint().equals(fingerprint));
    try {
      done.ifPresent(slice -> store.requireThere(current.orElseThrow(), slice));
      done.ifPresent(any -> checkProjectors(current.orElseThrow()));
      return done.isPresent();
    } catch (LakestillException e) {
      LOG.warn("event=teach-again reason=\"{}\"", e.getMessage());
      return false;
    }
  }

  /** The current version, if it was made in the same way and its projectors are there. */
  private Optional<SignalManifest> alike(Optional<SignalManifest> current) {
    try {
      Optional<SignalManifest> alike =
          current.filter(manifest -> manifest.basis().equals(Optional.of(basis())));
      alike.ifPresent(this::checkProjectors);
      return alike;
    } catch (LakestillException e) {
      LOG.warn("event=teach-all reason=\"{}\"", e.getMessage());
      return Optional.empty();
    }
  }

  /** A version with the slice alone, if that is whole. */
  private Optional<SignalManifest> base(SignalManifest alike) {
    try {
      SignalManifest base = alike.only(slice -> slice.date().equals(date));
      table.checkFiles(base);
      return Optional.of(base);
    } catch (LakestillException e) {
      LOG.warn("event=teach-all reason=\"{}\"", e.getMessage());
      return Optional.empty();
    }
  }

  private void checkProjectors(SignalManifest manifest) {
    manifest.projectors().forEach(sha256 -> table.projector(sha256).requireSound());
  }

  /** What a version does not have yet; everything without one. */
  private TeachIncrement increment(Optional<SignalManifest> base, Dataset<Row> work, long rows) {
    RawCells cells = RawCells.of(data.features(), teacher.own());
    try {
      return base.filter(manifest -> manifest.rows() > 0)
          .filter(manifest -> manifest.inputs().containsAll(teacher.inputs()))
          .map(manifest -> new SignalVersion(table, manifest))
          .map(v -> TeachIncrement.since(spark, v, work, rows, cells))
          .orElseGet(() -> TeachIncrement.all(work, rows));
    } catch (LakestillException e) {
      LOG.warn("event=teach-all reason=\"{}\"", e.getMessage());
      return TeachIncrement.all(work, rows);
    }
  }

  /**
   * @param all rows of the whole slice, which the quarantine budget is a part of
   */
  private List<TeachOutcome> pass(
      TeachIncrement increment,
      StoredSignals stored,
      long all,
      List<InputSnapshot> read,
      int number,
      ProgressListener listener) {
    TeacherPass.Place place =
        new TeacherPass.Place(
            table.folder(Content.SIGNALS, number, date),
            table.folder(Content.QUARANTINE, number, date),
            stored);
    if (increment.rows() == 0) {
      return List.of();
    }
    QuarantineBudget budget = new QuarantineBudget(recipe.signals().quarantineBudget(), all);
    Dataset<Row> work = increment.work();
    try (TeacherCheck check =
        TeacherCheck.of(spark, recipe, teacher, place, work, increment.rows(), listener)) {
      check.before();
      List<TeachOutcome> outcomes =
          teacher.run(work, increment.rows(), place, budget.limit(), new TeachMeters(listener));
      Meter.TEACH_QUARANTINED.add(TeachOutcome.quarantined(outcomes));
      budget.check(outcomes, date, place.quarantine());
      requireAllTaught(TeachOutcome.rows(outcomes), increment.rows(), read);
      check.after(outcomes);
      return outcomes;
    }
  }

  private static void requireAllTaught(long taught, long counted, List<InputSnapshot> read) {
    if (taught != counted) {
      LOG.warn("event=table-changed counted={} taught={}", counted, taught);
      throw Errors.tableChanged(
          read.stream().map(InputSnapshot::path).collect(Collectors.joining("' or '")));
    }
  }

  /** What this run wrote of it. */
  private Slice slice(
      String runId,
      String fingerprint,
      List<InputSnapshot> inputs,
      int number,
      TeachIncrement increment,
      List<TeachOutcome> outcomes) {
    List<SignalFile> signals = outcomes.stream().flatMap(o -> o.signals().stream()).toList();
    List<SignalFile> quarantine = outcomes.stream().flatMap(o -> o.quarantine().stream()).toList();
    List<SignalFile> tombstones =
        increment.bury(
            table.folder(Content.TOMBSTONES, number, date), spark.sessionState().newHadoopConf());
    return new Slice(
        date,
        number,
        runId,
        fingerprint,
        inputs,
        table.named(Content.SIGNALS, number, date, signals),
        table.named(Content.QUARANTINE, number, date, quarantine),
        table.named(Content.TOMBSTONES, number, date, tombstones),
        0);
  }

  private SignalManifest manifest(String runId, SignalSchema schema, Slice slice) {
    return new SignalManifest(
        slice.number(),
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        runId,
        Build.version(),
        new SignalManifest.Teacher(teacher.id(), teacher.sha256(), schema.shown()),
        teacher.preprocessing(),
        schema.signals(),
        data.classes(),
        new SignalManifest.Views(data.views().count(), data.views().seed()),
        Optional.of(basis()),
        List.of(slice));
  }
}
