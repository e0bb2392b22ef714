package io.lakestill.jobs;

import io.lakestill.recipe.TeacherCheckSettings;
import io.lakestill.signal.InputSnapshot;
import io.lakestill.signal.SignalSchema;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * How a teacher speaks: what decides what it says of a row, and the Spark stage in which it says it
 * of many. What is asked of it, and what becomes of the files, is the concern of {@link TeachJob}.
 */
interface TeacherPass {

  /**
   * What a pass leaves, and where.
   *
   * @param signals the folder of signal files
   * @param quarantine the folder of quarantine files
   * @param stored what is in the signal files
   */
  record Place(Path signals, Path quarantine, StoredSignals stored) {}

  String id();

  /** The teacher's identity: of a model, of its ONNX file. */
  String sha256();

  /** Of the numbers a model is given; see {@link io.lakestill.data.FeaturePipeline#fingerprint}. */
  String preprocessing();

  /** What it says, each signal by the codec it is stored by, and as wide as the teacher says it. */
  SignalSchema schema();

  /**
   * What it reads beside the examples. What it said is kept only as long as these stay as they are.
   */
  List<InputSnapshot> inputs();

  /** What it is shown instead of what the student is shown: one, or none. */
  List<OwnFeatures> own();

  /** How it is checked. */
  TeacherCheckSettings check();

  /**
   * The same teacher, whose rows are spread and shown to it otherwise.
   *
   * @param batch rows per call, of a model
   * @param rowsPerTask rows of a Spark task
   */
  TeacherPass inBatches(int batch, int rowsPerTask);

  /** Everything that what it says of a row depends on, but the row itself and {@link #inputs}. */
  List<String> basis();

  /** What so many rows, all views, are spread over. */
  KeyedTasks tasks(long rows);

  /**
   * Writes what it says of examples.
   *
   * @param work {@code sample_id, label, raw, views}, and what the teacher is shown instead
   * @param rows how many rows that makes, all views
   * @param quarantineLimit rows that may go to quarantine, over all tasks
   * @param listener hears the progress
   * @return what each task says, in their order
   */
  List<TeachOutcome> run(
      Dataset<Row> work, long rows, Place place, long quarantineLimit, ProgressListener listener);
}
