package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.signal.SignalManifest;
import io.lakestill.signal.SignalSchema;
import io.lakestill.signal.SignalTable;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Rows that lie in the files of a version, less those that its tombstones make dead. */
record FileRows(SignalTable table, SignalManifest manifest) implements VersionRows {
  @Override
  public Dataset<Row> living(SparkSession spark) {
    return table.generations(manifest).stream()
        .map(generation -> living(spark, generation))
        .reduce(Dataset::unionByName)
        .orElseThrow(
            () ->
                Errors.badInput(
                    "Version %d of the signals in '%s' has no rows; teach again."
                        .formatted(manifest.version(), table.root())));
  }

  private static Dataset<Row> living(SparkSession spark, SignalTable.Generation generation) {
    Dataset<Row> rows = LakeTable.files(spark, generation.files());
    if (generation.tombstones().isEmpty()) {
      return rows;
    }
    Dataset<Row> dead = LakeTable.files(spark, generation.tombstones());
    String id = SignalSchema.SAMPLE_ID;
    return rows.join(dead, rows.col(id).equalTo(dead.col(id)), "left_anti");
  }

  /** All of them are in files, which are looked at one by one. */
  @Override
  public List<String> faults(SparkSession spark, TableCheck.Depth depth) {
    return List.of();
  }

  @Override
  public String place() {
    return "%d files".formatted(table.files(manifest).size());
  }
}
