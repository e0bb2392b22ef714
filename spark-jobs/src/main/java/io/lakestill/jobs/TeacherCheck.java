package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.xxhash64;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.Errors;
import io.lakestill.metric.ClassOrder;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.TeacherCheckSettings;
import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.SignalFile;
import io.lakestill.signal.SignalSchema;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.storage.StorageLevel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks a teacher on a sample of what it is about to say: before the pass, whether it is right on
 * examples whose labels are known; after it, whether the files hold what it says when it is asked
 * again.
 *
 * <p>The sample are the examples of the pass whose keys have the smallest hashes (xxHash64), each
 * in its first view, so the same work has the same sample wherever it lies. The passes over it are
 * ordinary ones, in full precision, into a folder that is removed again. They cost two times the
 * rows of the sample.
 */
final class TeacherCheck implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TeacherCheck.class);

  /** Hashes are spread evenly, so this many deviations more than asked for are always enough. */
  private static final double DEVIATIONS = 6;

  private final SparkSession spark;
  private final Recipe recipe;
  private final TeacherPass teacher;
  private final TeacherCheckSettings settings;
  private final TeacherPass.Place place;
  private final Path folder;
  private final Dataset<Row> sample;
  private final ProgressListener listener;
  private List<String> live = List.of();

  /** What a check found. */
  interface Finding {
    /** One line for a person. */
    String line();

    /** Adds its figures to a summary. */
    void addTo(ObjectNode json);
  }

  private TeacherCheck(
      SparkSession spark,
      Recipe recipe,
      TeacherPass teacher,
      TeacherPass.Place place,
      Dataset<Row> sample,
      ProgressListener listener) {
    this.spark = spark;
    this.recipe = recipe;
    this.teacher = teacher;
    this.settings = teacher.check();
    this.place = place;
    this.folder = new Path(place.quarantine(), "check");
    this.sample = sample;
    this.listener = listener;
  }

  /**
   * @param place where the pass will leave its files; the check has a folder of its own there
   * @param work what the pass is about, {@code sample_id, label, raw, views}
   * @param rows how many rows that makes, all views
   * @param listener hears what is found
   */
  static TeacherCheck of(
      SparkSession spark,
      Recipe recipe,
      TeacherPass teacher,
      TeacherPass.Place place,
      Dataset<Row> work,
      long rows,
      ProgressListener listener) {
    Dataset<Row> sample =
        smallest(work, teacher.check().rows(), rows, recipe.data().views().count());
    return new TeacherCheck(spark, recipe, teacher, place, sample, listener);
  }

  private static Dataset<Row> smallest(Dataset<Row> work, int wanted, long rows, int views) {
    Column hash = xxhash64(col(ExampleTable.SAMPLE_ID));
    double part = (wanted + DEVIATIONS * Math.sqrt(wanted)) * views / rows;
    // So that whole examples travel no further than the few that can be among the smallest.
    long last = (long) Math.min(Long.MIN_VALUE + part * 0x1p64, Long.MAX_VALUE);
    return work.where(hash.leq(lit(last)))
        .orderBy(hash, col(ExampleTable.SAMPLE_ID))
        .limit(wanted)
        .withColumn(KeyComparison.VIEWS, lit(1))
        .persist(StorageLevel.MEMORY_AND_DISK());
  }

  /**
   * The check before the pass.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when the teacher is less often right
   *     than the recipe asks for, or would be right with its classes in another order
   */
  void before() {
    spark.sparkContext().setJobDescription("check teacher " + teacher.id());
    live = pass("live", recipe.signals().batch());
    TeacherAccuracy accuracy =
        new TeacherAccuracy(teacher.id(), order(), settings, recipe.data().classes(), labels());
    listener.checked(accuracy);
    accuracy
        .refusal()
        .ifPresent(
            why -> {
              throw Errors.badInput(why);
            });
  }

  /** What the teacher says of the sample: the files of a pass of its own. */
  private List<String> pass(String name, int batch) {
    Path own = new Path(folder, name);
    TeacherPass.Place there =
        new TeacherPass.Place(
            new Path(own, "signals"), new Path(own, "quarantine"), place.stored().inFull());
    // What cannot be kept is left out here, and counted by the pass over everything.
    int rows = settings.rows();
    int cores = spark.sparkContext().defaultParallelism();
    return teacher
        .inBatches(batch, Math.max(batch, (rows + cores - 1) / cores))
        .run(sample, rows, there, rows, progress -> {})
        .stream()
        .flatMap(outcome -> outcome.signals().stream())
        .map(SignalFile::name)
        .map(file -> new Path(there.signals(), file).toString())
        .toList();
  }

  private ClassOrder order() {
    List<Row> rows =
        live.isEmpty()
            ? List.of()
            : LakeTable.files(spark, live)
                .select(SignalSchema.LABEL, SignalSchema.ARGMAX)
                .orderBy(xxhash64(col(SignalSchema.SAMPLE_ID)), col(SignalSchema.SAMPLE_ID))
                .collectAsList();
    return ClassOrder.of(
        rows.stream().mapToInt(row -> row.getInt(0)).toArray(),
        rows.stream().mapToInt(row -> row.getInt(1)).toArray());
  }

  private TeacherAccuracy.Labels labels() {
    DataSettings data = recipe.data();
    return RawColumn.type(LakeTable.read(spark, data.train()), data.label())
            .filter(StringType.class::isInstance)
            .isPresent()
        ? TeacherAccuracy.Labels.NAMES
        : TeacherAccuracy.Labels.INDICES;
  }

  /**
   * The check after the pass.
   *
   * @param written what it wrote
   * @throws io.lakestill.error.LakestillException (exit 3) when the files hold something else than
   *     the teacher says, beyond what their codecs and a batch of another size explain
   */
  void after(List<TeachOutcome> written) {
    List<String> files =
        written.stream()
            .flatMap(outcome -> outcome.signals().stream())
            .map(file -> new Path(place.signals(), file.name()).toString())
            .toList();
    if (live.isEmpty() || files.isEmpty()) {
      return;
    }
    spark.sparkContext().setJobDescription("check what is stored of teacher " + teacher.id());
    int batch = recipe.signals().batch();
    List<String> control = pass("control", batch == 1 ? 2 : (batch + 1) / 2);
    StoredAgreement agreement = agreement(files, control);
    listener.checked(agreement);
    agreement
        .fault()
        .ifPresent(
            fault -> {
              throw Errors.badInput(
                  ("The files that were just written do not hold what teacher '%s' says: of %d"
                       + " examples it was asked about again, they differ in %s. The signal table"
                       + " is as it was. A disk or a model that changes its answers may be the"
                       + " cause; run teach again, and report it if it comes back.")
                      .formatted(teacher.id(), agreement.rows(), fault));
            });
  }

  private StoredAgreement agreement(List<String> files, List<String> control) {
    List<SignalColumn> columns = place.stored().schema().signals();
    if (control.isEmpty()) {
      return StoredAgreement.none(columns);
    }
    Dataset<Row> said = signals(live, columns, "said");
    Dataset<Row> again = signals(control, columns, "again");
    Dataset<Row> stored = signals(files, columns, "stored");
    return stored
        .join(said, key("stored").equalTo(key("said")))
        .join(again, key("stored").equalTo(key("again")))
        .select(
            Stream.of("stored", "said", "again")
                .flatMap(name -> columns.stream().map(column -> col(name + " " + column.name())))
                .toArray(Column[]::new))
        .queryExecution()
        .toRdd()
        .toJavaRDD()
        .mapPartitions(new AgreementTask(columns))
        .collect()
        .stream()
        .reduce(StoredAgreement.none(columns), StoredAgreement::with);
  }

  private static Column key(String name) {
    return col(name + " key");
  }

  /** The first views, with names that no two of the three have in common. */
  private Dataset<Row> signals(List<String> files, List<SignalColumn> columns, String name) {
    List<Column> selected = new ArrayList<>();
    selected.add(col(SignalSchema.SAMPLE_ID).as(name + " key"));
    columns.forEach(column -> selected.add(col(column.name()).as(name + " " + column.name())));
    return LakeTable.files(spark, files)
        .where(col(SignalSchema.VIEW_ID).equalTo(0))
        .select(selected.toArray(Column[]::new));
  }

  /** Removes what the check left. */
  @Override
  public void close() {
    sample.unpersist();
    try {
      FileSystem files = folder.getFileSystem(spark.sessionState().newHadoopConf());
      if (files.delete(folder, true) && files.listStatus(folder.getParent()).length == 0) {
        files.delete(folder.getParent(), false);
      }
    } catch (IOException e) {
      // gc removes it: no manifest names it.
      LOG.warn("event=check-left folder={} reason=\"{}\"", folder, e.toString());
    }
  }
}
