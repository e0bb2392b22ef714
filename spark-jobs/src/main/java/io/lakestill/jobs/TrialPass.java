package io.lakestill.jobs;

import static org.apache.spark.sql.functions.lit;

import io.lakestill.signal.SignalFile;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes over a few examples whose files no table keeps.
 *
 * @param folder for the files; nothing else is in it
 */
record TrialPass(SparkSession spark, Path folder) {
  private static final Logger LOG = LoggerFactory.getLogger(TrialPass.class);

  /**
   * What a teacher says of the first view of each example.
   *
   * @param name of a folder that is still free
   * @param teacher in batches as it is asked here
   * @param rows how many examples there are, at most
   * @return the files
   */
  List<String> said(
      String name, TeacherPass teacher, Dataset<Row> sample, long rows, StoredSignals stored) {
    Path own = new Path(folder, name);
    TeacherPass.Place place =
        new TeacherPass.Place(new Path(own, "signals"), new Path(own, "quarantine"), stored);
    // What cannot be kept is left out here, and counted by the pass over everything.
    return teacher
        .run(sample.withColumn(KeyComparison.VIEWS, lit(1)), rows, place, rows, progress -> {})
        .stream()
        .flatMap(outcome -> outcome.signals().stream())
        .map(SignalFile::name)
        .map(file -> new Path(place.signals(), file).toString())
        .toList();
  }

  /** Removes the files, and the folder above if nothing else is in it. */
  void remove() {
    try {
      FileSystem files = folder.getFileSystem(spark.sessionState().newHadoopConf());
      if (files.delete(folder, true) && files.listStatus(folder.getParent()).length == 0) {
        files.delete(folder.getParent(), false);
      }
    } catch (IOException e) {
      // gc removes it: no manifest names it.
      LOG.warn("event=trial-left folder={} reason=\"{}\"", folder, e.toString());
    }
  }
}
