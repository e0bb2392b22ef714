package io.lakestill.jobs;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Apache Iceberg: a snapshot has a number, and properties that a writer can add to. */
record IcebergDialect() implements FormatDialect {
  private static final String MARK = "lakestill";

  private static final String CATALOG = "org.apache.iceberg.spark.SparkCatalog";

  @Override
  public String name() {
    return "iceberg";
  }

  @Override
  public String needed() {
    return "--packages org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:1.10.0 and a catalog of"
        + " your own, such as --conf spark.sql.catalog.lake="
        + CATALOG
        + " --conf spark.sql.catalog.lake.type=hadoop"
        + " --conf spark.sql.catalog.lake.warehouse=hdfs:///lake";
  }

  @Override
  public boolean isCatalog(String implementation) {
    return implementation.startsWith("org.apache.iceberg.spark.");
  }

  @Override
  public String libraryClass() {
    return CATALOG;
  }

  @Override
  public Optional<String> extension() {
    return Optional.empty();
  }

  @Override
  public String compaction(String table) {
    return "CALL <catalog>.system.rewrite_data_files(table => '%s')".formatted(table);
  }

  @Override
  public void replace(SparkSession spark, String table, FormatDefinition definition) {
    spark.sql("CREATE OR REPLACE TABLE " + table + " " + definition.sql(name()));
  }

  @Override
  public void refresh(SparkSession spark, String table) {
    spark.sql("REFRESH TABLE " + table);
  }

  @Override
  public Optional<String> head(SparkSession spark, String table) {
    return spark
        .sql("SELECT snapshot_id FROM %s.refs WHERE name = 'main'".formatted(table))
        .collectAsList()
        .stream()
        .findFirst()
        .map(row -> String.valueOf(row.getLong(0)));
  }

  @Override
  public List<Snapshot> history(SparkSession spark, String table) {
    List<Row> snapshots =
        spark
            .sql(
                "SELECT snapshot_id, summary['%s'] FROM %s.snapshots ORDER BY committed_at DESC"
                    .formatted(MARK, table))
            .collectAsList();
    return snapshots.stream()
        .map(
            row ->
                new Snapshot(String.valueOf(row.getLong(0)), Optional.ofNullable(row.getString(1))))
        .toList();
  }

  /** Tasks write what they have read: all rows are of one partition, so nothing is moved. */
  @Override
  public Map<String, String> options(String mark) {
    return Map.of("snapshot-property." + MARK, mark, "distribution-mode", "none");
  }

  @Override
  public boolean isConflict(String exception) {
    return exception.equals("org.apache.iceberg.exceptions.CommitFailedException")
        || exception.equals("org.apache.iceberg.exceptions.ValidationException");
  }
}
