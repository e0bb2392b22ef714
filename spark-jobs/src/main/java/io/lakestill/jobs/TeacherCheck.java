package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.xxhash64;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.bigdl.JobNames;
import io.lakestill.error.Errors;
import io.lakestill.metric.ClassOrder;
import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.Recipe;
import io.lakestill.recipe.TeacherCheckSettings;
import io.lakestill.signal.SignalFile;
import io.lakestill.signal.SignalSchema;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.storage.StorageLevel;

/**
 * Checks a teacher on a sample of what it is about to say: before the pass, whether it is right on
 * examples whose labels are known; after it, whether the files hold what it says when it is asked
 * again.
 *
 * <p>The sample are, of every n-th task of the pass, the examples whose keys have the smallest
 * hashes (xxHash64), each in its first view. So the same work has the same sample wherever it lies,
 * and of a large table few files have to be read again. The passes over it are ordinary ones, in
 * full precision, into a folder that is removed again. They cost two times the rows of the sample.
 */
final class TeacherCheck implements AutoCloseable {
  /** Hashes are spread evenly, so this many deviations more than asked for are always enough. */
  private static final double DEVIATIONS = 6;

  /** At least so many tasks of a pass are looked at, since each may have run on another machine. */
  private static final int TASKS = 8;

  private final SparkSession spark;
  private final Recipe recipe;
  private final TeacherPass teacher;
  private final TeacherCheckSettings settings;
  private final TeacherPass.Place place;
  private final TrialPass trial;
  private final Dataset<Row> sample;
  private final int stride;
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
      int stride,
      ProgressListener listener) {
    this.spark = spark;
    this.recipe = recipe;
    this.teacher = teacher;
    this.settings = teacher.check();
    this.place = place;
    this.trial = new TrialPass(spark, new Path(place.quarantine(), "check"));
    this.sample = sample;
    this.stride = stride;
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
    int wanted = teacher.check().rows();
    double part = (wanted + DEVIATIONS * Math.sqrt(wanted)) * recipe.data().views().count() / rows;
    KeyedTasks tasks = teacher.tasks(rows);
    int stride = (int) Math.max(1, Math.min(tasks.count() / TASKS, 1 / part));
    Dataset<Row> looked = work.where(tasks.task().mod(lit(stride)).equalTo(0));
    Dataset<Row> sample = smallest(looked, wanted, Math.min(1, part * stride));
    return new TeacherCheck(spark, recipe, teacher, place, sample, stride, listener);
  }

  private static Dataset<Row> smallest(Dataset<Row> work, int wanted, double part) {
    Column hash = xxhash64(col(ExampleTable.SAMPLE_ID));
    // So that whole examples travel no further than the few that can be among the smallest.
    long last = (long) Math.min(Long.MIN_VALUE + part * 0x1p64, Long.MAX_VALUE);
    return work.where(hash.leq(lit(last)))
        .orderBy(hash, col(ExampleTable.SAMPLE_ID))
        .limit(wanted)
        .persist(StorageLevel.MEMORY_AND_DISK());
  }

  /**
   * The check before the pass.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when the teacher is less often right
   *     than the recipe asks for, or would be right with its classes in another order
   */
  void before() {
    JobNames names = new JobNames(spark.sparkContext());
    live = names.within("check before", () -> pass("live", recipe.signals().batch()));
    names.now("count what the teacher has right");
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
    int rows = settings.rows();
    int cores = spark.sparkContext().defaultParallelism();
    TeacherPass asked = teacher.inBatches(batch, Math.max(batch, (rows + cores - 1) / cores));
    return trial.said(name, asked, sample, rows, place.stored().inFull());
  }

  private ClassOrder order() {
    List<Row> rows =
        live.isEmpty()
            ? List.of()
            : LakeTable.files(spark, live)
                .select(
                    col(SignalSchema.LABEL),
                    col(SignalSchema.ARGMAX),
                    xxhash64(col(SignalSchema.SAMPLE_ID)),
                    col(SignalSchema.SAMPLE_ID))
                .collectAsList()
                .stream()
                .sorted(
                    Comparator.<Row>comparingLong(r -> r.getLong(2))
                        .thenComparing(r -> r.getString(3)))
                .toList();
    return ClassOrder.of(
        rows.stream().mapToInt(row -> row.getInt(0)).toArray(),
        rows.stream().mapToInt(row -> row.getInt(1)).toArray());
  }

  private TeacherAccuracy.Labels labels() {
    if (bundled()) {
      return TeacherAccuracy.Labels.OF_BUNDLE;
    }
    DataSettings data = recipe.data();
    return RawColumn.type(LakeTable.read(spark, data.train()), data.label())
            .filter(StringType.class::isInstance)
            .isPresent()
        ? TeacherAccuracy.Labels.NAMES
        : TeacherAccuracy.Labels.INDICES;
  }

  private boolean bundled() {
    return recipe.teachers().stream()
        .anyMatch(each -> each.id().equals(teacher.id()) && each.bundle().isPresent());
  }

  /**
   * The check after the pass.
   *
   * @param written what each of its tasks wrote, in their order
   * @throws io.lakestill.error.LakestillException (exit 3) when the files hold something else than
   *     the teacher says, beyond what their codecs and a batch of another size explain; (exit 1)
   *     when examples of the sample are in none of them
   */
  void after(List<TeachOutcome> written) {
    JobNames names = new JobNames(spark.sparkContext());
    int batch = recipe.signals().batch();
    List<TeachOutcome> looked =
        IntStream.range(0, written.size())
            .filter(task -> task % stride == 0)
            .mapToObj(written::get)
            .toList();
    StoredSample both =
        new StoredSample(
            spark,
            teacher.id(),
            sample.where(col(ExampleTable.SAMPLE_ID).isNotNull()),
            files(place.signals(), looked.stream().flatMap(out -> out.signals().stream())),
            files(place.quarantine(), looked.stream().flatMap(out -> out.quarantine().stream())),
            live,
            live.isEmpty()
                ? List.of()
                : names.within(
                    "check after", () -> pass("control", batch == 1 ? 2 : (batch + 1) / 2)));
    names.now("compare what is stored with what the teacher says");
    StoredAgreement agreement = both.agreement(place.stored().schema().signals());
    if (live.isEmpty()) {
      return;
    }
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

  private static List<String> files(Path folder, Stream<SignalFile> files) {
    return files.map(file -> new Path(folder, file.name()).toString()).toList();
  }

  /** Removes what the check left. */
  @Override
  public void close() {
    sample.unpersist();
    trial.remove();
  }
}
