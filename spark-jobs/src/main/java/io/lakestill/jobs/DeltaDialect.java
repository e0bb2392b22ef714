package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;

import io.lakestill.signal.RowStore;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;

/** Delta Lake: a snapshot is a version, whose commit can hold a text of the writer. */
record DeltaDialect() implements FormatDialect {
  private static final String CATALOG = "org.apache.spark.sql.delta.catalog.DeltaCatalog";
  private static final String EXTENSION = "io.delta.sql.DeltaSparkSessionExtension";

  @Override
  public String name() {
    return "delta";
  }

  @Override
  public String needed() {
    return "--packages io.delta:delta-spark_2.12:3.3.2"
        + " --conf spark.sql.extensions="
        + EXTENSION
        + " --conf spark.sql.catalog.spark_catalog="
        + CATALOG;
  }

  @Override
  public boolean isCatalog(String implementation) {
    return implementation.equals(CATALOG);
  }

  @Override
  public String libraryClass() {
    return CATALOG;
  }

  @Override
  public Optional<String> extension() {
    return Optional.of(EXTENSION);
  }

  @Override
  public String compaction(String table) {
    return "OPTIMIZE " + table;
  }

  /**
   * Delta replaces no table that is named by its path, so its schema is overwritten. What kind of
   * rows it has is said last: a run that dies before leaves a table of none.
   */
  @Override
  public void replace(SparkSession spark, String table, FormatDefinition definition) {
    Optional<String> path = FormatNeeds.path(spark, table);
    if (path.isEmpty()) {
      spark.sql("CREATE OR REPLACE TABLE " + table + " " + definition.sql(name()));
      return;
    }
    alter(
        spark,
        table,
        Map.of(
            FormatDefinition.KIND, "none", FormatDefinition.GENERATION, definition.generation()));
    DataFrameWriter<Row> writer =
        spark
            .createDataFrame(List.of(), definition.schema())
            .write()
            .format(name())
            .mode(SaveMode.Overwrite)
            .option("overwriteSchema", "true");
    (definition.dates() == FormatDefinition.Dates.SOME ? writer.partitionBy(RowStore.DATE) : writer)
        .save(path.get());
    alter(spark, table, Map.of(FormatDefinition.KIND, definition.kind()));
  }

  private static void alter(SparkSession spark, String table, Map<String, String> properties) {
    spark.sql(
        "ALTER TABLE %s SET TBLPROPERTIES %s"
            .formatted(table, FormatDefinition.listed(properties)));
  }

  /** Every query looks for newer versions. */
  @Override
  public void refresh(SparkSession spark, String table) {}

  @Override
  public Optional<String> head(SparkSession spark, String table) {
    return spark
        .sql("DESCRIBE HISTORY %s LIMIT 1".formatted(table))
        .select("version")
        .collectAsList()
        .stream()
        .findFirst()
        .map(row -> String.valueOf(row.getLong(0)));
  }

  @Override
  public List<Snapshot> history(SparkSession spark, String table) {
    List<Row> versions =
        spark
            .sql("DESCRIBE HISTORY " + table)
            .select("version", "userMetadata")
            .orderBy(col("version").desc())
            .collectAsList();
    return versions.stream()
        .map(
            row ->
                new Snapshot(String.valueOf(row.getLong(0)), Optional.ofNullable(row.getString(1))))
        .toList();
  }

  @Override
  public Map<String, String> options(String mark) {
    return Map.of("userMetadata", mark);
  }

  @Override
  public boolean isConflict(String exception) {
    return exception.startsWith("io.delta.exceptions.Concurrent")
        || exception.startsWith("org.apache.spark.sql.delta.Concurrent");
  }
}
