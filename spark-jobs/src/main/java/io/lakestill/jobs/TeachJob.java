package io.lakestill.jobs;

import io.lakestill.bigdl.JobNames;
import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.TeacherSettings;
import io.lakestill.signal.InputSnapshot;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import io.lakestill.signal.Slice;
import io.lakestill.teacher.OnnxFile;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * The teach stage: every view of every training example, and every validation example as it is,
 * through the teacher into a new version of its signal table, date by date where the examples have
 * dates. What the current version has of them is kept where it is, see {@link SliceTeaching}.
 *
 * <p>Rows are spread by key over a number of tasks that depends only on how many there are, and
 * sorted by key within each. So files hold the same bytes whatever the cluster, the order of the
 * table or the history of the run.
 */
public final class TeachJob {
  private final SparkSession spark;
  private final Recipe recipe;
  private final TeacherPass teacher;
  private final SignalTable table;
  private final Order order;
  private final TableLeases leases;
  private final TableCommit commit;
  private final SliceStore store;

  /** The last version that this run made; others may have made more since. */
  private Optional<SignalManifest> made = Optional.empty();

  /**
   * What is asked of a run of the stage.
   *
   * @param runId names the run in the manifest
   * @param dates which dates, where the examples have dates
   * @param console hears what became of each date
   * @param listener hears the progress
   * @param still refuses when the run has lost the output folder, if it holds that
   * @param committed hears of every slice of a date that is in the table now
   */
  record Order(
      String runId,
      DateSelection dates,
      Console console,
      ProgressListener listener,
      Runnable still,
      Consumer<Slice> committed) {

    /** Of a run that holds no folder. */
    Order(String runId, DateSelection dates, Console console, ProgressListener listener) {
      this(runId, dates, console, listener, () -> {}, slice -> {});
    }
  }

  private TeachJob(
      SparkSession spark, Recipe recipe, TeacherPass teacher, SignalTable table, Order order) {
    this.spark = spark;
    this.recipe = recipe;
    this.teacher = teacher;
    this.table = table;
    this.order = order;
    this.leases = new TableLeases(table, order.runId(), order.console());
    this.commit = new TableCommit(table, leases);
    this.store = SliceStore.of(spark, recipe, teacher.id(), commit);
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
   *     go to quarantine than the recipe allows, (exit 5) when another run works on one of the
   *     dates, (exit 75) when a table changed meanwhile; the version that was current, or the last
   *     one with a date more, stays current
   */
  public static SignalManifest run(
      SparkSession spark,
      Recipe recipe,
      TeacherSettings settings,
      String onnx,
      String root,
      String runId,
      ProgressListener listener) {
    Supplier<TeacherPass> teacher =
        () -> {
          OnnxFile file = OnnxFile.read(new Path(onnx), spark.sessionState().newHadoopConf());
          return OnnxPass.of(spark, recipe, settings, file);
        };
    Order order = new Order(runId, DateSelection.ALL, Console.ofProcess(), listener);
    return run(spark, recipe, teacher, root, order);
  }

  /**
   * As above, of any teacher.
   *
   * @param teacher made within the stage, so that its faults are the stage's
   */
  static SignalManifest run(
      SparkSession spark, Recipe recipe, Supplier<TeacherPass> teacher, String root, Order order) {
    try {
      SignalTable table = new SignalTable(new Path(root), spark.sessionState().newHadoopConf());
      TeachJob job = new TeachJob(spark, recipe, teacher.get(), table, order);
      return recipe.data().date().isPresent() ? job.dates() : job.whole();
    } catch (Exception e) {
      throw SparkFailures.worded(e, "teach");
    }
  }

  private SignalManifest whole() {
    teach(Optional.empty(), TrainingInputs.whole(recipe.data(), table.configuration()), () -> {});
    return madeOrCurrent();
  }

  /** Puts a slice into the table; empty when there is nothing to put. */
  private Optional<SignalManifest> teach(
      Optional<String> date, List<InputSnapshot> inputs, Runnable lease) {
    Runnable still =
        () -> {
          order.still().run();
          lease.run();
        };
    Optional<SignalManifest> current = table.current();
    SliceTeaching slice =
        new SliceTeaching(spark, recipe, teacher, table, store, date, order.dates().emptied());
    return named(date, () -> slice.teach(current, inputs, order.runId(), still, order.listener()))
        .map(alone -> put(alone, current, still))
        .map(this::remember);
  }

  /** On Spark's pages the jobs of a date bear it. */
  private <T> T named(Optional<String> date, Supplier<T> work) {
    return date.isEmpty()
        ? work.get()
        : new JobNames(spark.sparkContext())
            .within(recipe.data().date().orElseThrow() + "=" + date.get(), work);
  }

  private SignalManifest put(SignalManifest alone, Optional<SignalManifest> seen, Runnable still) {
    SignalManifest version = commit.put(alone, seen, still);
    store.clear(alone.slices().get(0));
    return version;
  }

  private SignalManifest remember(SignalManifest version) {
    made = Optional.of(version);
    return version;
  }

  private SignalManifest madeOrCurrent() {
    return made.or(table::current).orElseThrow(this::noExample);
  }

  private LakestillException noExample() {
    return Errors.badInput(
        "Table '%s' has no example of any date that is asked for (data.date = %s); correct the path, the condition or the dates."
            .formatted(recipe.data().train().path(), recipe.data().date().orElseThrow()));
  }

  private SignalManifest dates() {
    ExampleDates examples = new ExampleDates(spark, recipe.data());
    List<String> dates = order.dates().of(choice(examples));
    if (dates.isEmpty()) {
      throw noExample();
    }
    int already = 0;
    for (String date : dates) {
      already += isDone(examples, date) ? 1 : 0;
    }
    if (already > 0) {
      tell("%,d of %,d dates were done already", already, dates.size());
    }
    if (order.dates().isAll()) {
      dropVanished(examples);
    }
    return madeOrCurrent();
  }

  /** What a range is chosen from: also dates that have a slice and no example any more. */
  private Set<String> choice(ExampleDates examples) {
    if (!order.dates().dates().isEmpty()) {
      return Set.of();
    }
    Set<String> choice = new TreeSet<>(examples.ofExamples());
    if (!order.dates().isAll()) {
      table.current().map(SignalManifest::dates).ifPresent(choice::addAll);
    }
    return choice;
  }

  /** Teaches a date; true when that was done already. */
  private boolean isDone(ExampleDates examples, String date) {
    Optional<String> of = Optional.of(date);
    try (RunLease lease = leases.date(date)) {
      Optional<Slice> taught =
          teach(of, examples.inputs(date), lease::requireHeld).flatMap(v -> v.slice(of));
      taught.ifPresent(slice -> tell(date, slice));
      boolean known =
          taught.isPresent() || table.current().flatMap(version -> version.slice(of)).isPresent();
      if (!known) {
        tell("%s: there are no examples of this date, and nothing to teach", date);
      }
      return known && taught.isEmpty();
    }
  }

  private void tell(String date, Slice slice) {
    order.committed().accept(slice);
    if (slice.rows() + slice.quarantinedRows() == 0) {
      tell("%s: there are no examples of this date, its slice is empty", date);
    } else {
      tell(
          "%s: %,d rows, %,d of them taught now, %,d in quarantine",
          date, slice.rows(), slice.newRows(), slice.quarantinedRows());
    }
  }

  /** Slices of dates that the tables have no more, under any condition. */
  private void dropVanished(ExampleDates examples) {
    List<Slice> had = table.current().map(SignalManifest::slices).orElse(List.of());
    for (Slice slice : vanished(had, examples)) {
      String date = slice.date().orElseThrow();
      try (RunLease lease = leases.date(date)) {
        // Another run may have taught it since, of examples that came since.
        for (Slice gone : vanished(List.of(slice), examples)) {
          table.current().ifPresent(version -> store.drop(version, gone));
          commit
              .drop(gone, lease::requireHeld)
              .map(this::remember)
              .ifPresent(version -> tell("%s: no longer in the table, its slice is dropped", date));
        }
      }
    }
  }

  private static List<Slice> vanished(List<Slice> slices, ExampleDates examples) {
    List<Slice> dated = slices.stream().filter(slice -> slice.date().isPresent()).toList();
    Set<String> there = dated.isEmpty() ? Set.of() : examples.ofTables();
    return dated.stream().filter(slice -> !there.contains(slice.date().orElseThrow())).toList();
  }

  private void tell(String format, Object... values) {
    order.console().line("  " + String.format(Locale.ROOT, format, values));
  }
}
