package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;

import io.lakestill.bigdl.JobNames;
import io.lakestill.jobs.KeyComparison.State;
import io.lakestill.signal.Content;
import io.lakestill.signal.SignalFile;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalSchema;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;

/**
 * What a pass of the teacher has to do so that a signal table is what a pass over everything would
 * make it.
 *
 * @param base the version whose files are kept; empty when everything is taught anew
 * @param work the examples to teach, as they were given
 * @param rows how many rows they make, all views
 * @param states what became of each key; empty without a base
 * @param deadKeys keys whose rows in the base are dead
 * @param deadRows how many rows of the base die
 */
record TeachIncrement(
    Optional<SignalVersion> base,
    Dataset<Row> work,
    long rows,
    Optional<Dataset<Row>> states,
    long deadKeys,
    long deadRows)
    implements AutoCloseable {
  private static final int KEYS_PER_FILE = 1_000_000;

  /** Everything. */
  static TeachIncrement all(Dataset<Row> work, long rows) {
    return new TeachIncrement(Optional.empty(), work, rows, Optional.empty(), 0, 0);
  }

  /**
   * What is new or changed since a version; everything, when nothing of it can be kept. Examples
   * that were in quarantine are taught again.
   *
   * @param work {@code sample_id, label, raw, views}, and what the teacher is shown instead
   * @param rows how many rows that makes, all views
   * @param cells how features are stored
   */
  static TeachIncrement since(
      SparkSession spark, SignalVersion base, Dataset<Row> work, long rows, RawCells cells) {
    new JobNames(spark.sparkContext())
        .now("find what is new since version " + base.manifest().version());
    Dataset<Row> states =
        KeyComparison.of(spark, work, cells, base.rows(spark), quarantined(spark, base))
            .where(State.SAME.is().equalTo(false))
            .persist(StorageLevel.MEMORY_AND_DISK());
    Map<State, Row> found = new EnumMap<>(State.class);
    states
        .groupBy(col(KeyComparison.STATE))
        .agg(count(lit(1)), sum(KeyComparison.VIEWS), sum(KeyComparison.TAUGHT))
        .collectAsList()
        .forEach(row -> found.put(State.valueOf(row.getString(0)), row));
    long deadRows = total(found, 3, State.CHANGED, State.GONE);
    if (deadRows == base.manifest().rows()) {
      states.unpersist();
      return all(work, rows);
    }
    Dataset<Row> again =
        states
            .where(State.NEW.is().or(State.CHANGED.is()))
            .select(col(SignalSchema.SAMPLE_ID).as("again"));
    return new TeachIncrement(
        Optional.of(base),
        work.join(again, work.col(ExampleTable.SAMPLE_ID).equalTo(again.col("again")), "left_semi"),
        total(found, 2, State.NEW, State.CHANGED),
        Optional.of(states),
        total(found, 1, State.CHANGED, State.GONE),
        deadRows);
  }

  private static Dataset<Row> quarantined(SparkSession spark, SignalVersion base) {
    List<String> files = base.table().quarantineFiles(base.manifest());
    return files.isEmpty()
        ? base.rows(spark).select(SignalSchema.SAMPLE_ID).limit(0)
        : LakeTable.files(spark, files).select(SignalSchema.SAMPLE_ID);
  }

  private static long total(Map<State, Row> found, int column, State one, State other) {
    long total = 0;
    for (State state : List.of(one, other)) {
      total += found.containsKey(state) ? found.get(state).getLong(column) : 0;
    }
    return total;
  }

  /** The signal files of the new version: those that are kept, and what was written now. */
  List<SignalFile> files(List<SignalFile> written) {
    return with(Content.SIGNALS, written);
  }

  /** The tombstones of the new version: those of its base, and those of what died now. */
  List<SignalFile> tombstones(List<SignalFile> written) {
    return with(Content.TOMBSTONES, written);
  }

  private List<SignalFile> with(Content content, List<SignalFile> written) {
    List<SignalFile> files = new ArrayList<>();
    base.ifPresent(from -> files.addAll(content.files(from.manifest())));
    files.addAll(written);
    return files;
  }

  /** Rows of the base that live on. */
  long keptRows() {
    return base.map(SignalVersion::manifest).map(SignalManifest::rows).orElse(0L) - deadRows;
  }

  /** Dead rows in the files of the new version. */
  long allDeadRows() {
    return deadRows + base.map(SignalVersion::manifest).map(SignalManifest::deadRows).orElse(0L);
  }

  /** Writes down the keys whose rows in older files are dead. */
  List<SignalFile> bury(Path folder, Configuration configuration) {
    if (deadKeys == 0) {
      return List.of();
    }
    Dataset<Row> dead =
        states
            .orElseThrow()
            .where(State.CHANGED.is().or(State.GONE.is()))
            .select(SignalSchema.SAMPLE_ID);
    return KeyedTasks.of(deadKeys, KEYS_PER_FILE)
        .run(dead, new TombstoneTask(folder.toString(), configuration))
        .stream()
        .map(TombstoneTask::file)
        .toList();
  }

  @Override
  public void close() {
    states.ifPresent(Dataset::unpersist);
  }
}
