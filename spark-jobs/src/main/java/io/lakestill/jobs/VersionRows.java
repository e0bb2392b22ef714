package io.lakestill.jobs;

import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalTable;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Where the rows of a version of a signal table are. */
sealed interface VersionRows permits FileRows, FormatRows {
  static VersionRows of(SignalTable table, SignalManifest manifest) {
    return manifest.store().isPresent()
        ? new FormatRows(table, manifest)
        : new FileRows(table, manifest);
  }

  /** The living rows, with signals as they are stored. */
  Dataset<Row> living(SparkSession spark);

  /**
   * What is wrong with rows that are in no file of the table, a line for each fault with what to
   * do.
   */
  List<String> faults(SparkSession spark, TableCheck.Depth depth);

  /** Says where they are, such as {@code 3 files}. */
  String place();
}
