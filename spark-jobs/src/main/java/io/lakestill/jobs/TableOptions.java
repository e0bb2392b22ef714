package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Option;

/** Which signal table a command is about. */
final class TableOptions {
  @Option(
      names = "--table",
      required = true,
      paramLabel = "PATH",
      description = "The folder of a signal table, such as out/quickstart/signals/teacher.")
  private String table;

  /**
   * The table with its file system spelled out, so that executors mean the same one.
   *
   * @throws LakestillException (exit 3) when there is no folder, (exit 2) when it is no path or its
   *     file system is not known, (exit 75) when that does not answer
   */
  SignalTable open(SparkSession spark) {
    return open(spark, table);
  }

  /** The same of a table that is named otherwise. */
  static SignalTable open(SparkSession spark, String table) {
    String unusable = "Signal table '%s' cannot be used".formatted(table);
    var configuration = spark.sessionState().newHadoopConf();
    try {
      Path path = new Path(table);
      FileSystem files = path.getFileSystem(configuration);
      if (!files.exists(path)) {
        throw Errors.badInput(
            "There is no signal table at '%s'; correct its path.".formatted(table));
      }
      return new SignalTable(files.makeQualified(path), configuration);
    } catch (IOException e) {
      throw StorageFaults.worded(unusable, e);
    } catch (LakestillException e) {
      throw e;
    } catch (RuntimeException e) {
      throw StorageFaults.worded(unusable, e);
    }
  }

  /**
   * A version with the slices of some dates only; of all when none are given.
   *
   * @throws LakestillException (exit 3) when there is no slice of one
   */
  static SignalManifest of(SignalManifest version, List<String> dates) {
    for (String date : dates) {
      if (version.slice(Optional.of(date)).isEmpty()) {
        throw Errors.badInput(
            "Version %d of the signal table has no slice of %s; its dates are %s."
                .formatted(
                    version.version(),
                    date,
                    version.dates().isEmpty() ? "none" : String.join(", ", version.dates())));
      }
    }
    return dates.isEmpty()
        ? version
        : version.only(slice -> slice.date().filter(dates::contains).isPresent());
  }

  /**
   * The version readers take.
   *
   * @throws LakestillException (exit 3) when nothing was ever committed, or it is damaged
   */
  static SignalManifest current(SignalTable table) {
    return table
        .current()
        .orElseThrow(
            () ->
                Errors.badInput(
                    ("There is no signal table at '%s', or nothing was committed to it yet; correct"
                            + " its path, or run teach.")
                        .formatted(table.root())));
  }
}
