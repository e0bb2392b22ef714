package io.lakestill.jobs;

import io.lakestill.io.EnumText;
import io.lakestill.recipe.TableFormat;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.sql.SparkSession;

/**
 * A Spark session with a catalog of Iceberg and Delta's own, both real, set up as {@code
 * spark-submit} would by {@code --conf}. Whatever session there is ends before.
 */
final class FormatSession implements AutoCloseable {
  private final Map<String, String> settings = new LinkedHashMap<>();
  private final Path folder;
  private final SparkSession spark;

  FormatSession(Path folder) {
    this.folder = folder;
    settings.put(
        "spark.sql.extensions",
        "io.delta.sql.DeltaSparkSessionExtension,"
            + "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions");
    settings.put(
        "spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog");
    settings.put("spark.sql.catalog.lake", "org.apache.iceberg.spark.SparkCatalog");
    settings.put("spark.sql.catalog.lake.type", "hadoop");
    settings.put("spark.sql.catalog.lake.warehouse", folder.resolve("iceberg").toString());
    settings.put("spark.sql.warehouse.dir", folder.resolve("warehouse").toString());
    // Fifty tasks for the log of a table of ten files would be all that these tests do.
    settings.put("spark.databricks.delta.snapshotPartitions", "1");
    settings.put("spark.master", "local[2]");
    settings.put("spark.ui.enabled", "false");
    settings.forEach(System::setProperty);
    end();
    this.spark = LocalSession.open();
  }

  SparkSession spark() {
    return spark;
  }

  /** How Spark calls a table. */
  String table(TableFormat format, String name) {
    return switch (format) {
      case ICEBERG -> "lake.distil." + name;
      case DELTA -> "delta.`%s`".formatted(files(format, name));
      case PARQUET -> throw new IllegalArgumentException("signals have no other table");
    };
  }

  /** Where the files of a table lie. */
  Path files(TableFormat format, String name) {
    return format == TableFormat.ICEBERG
        ? folder.resolve("iceberg/distil").resolve(name)
        : folder.resolve("delta").resolve(name);
  }

  /** As {@code --set} takes it. */
  String[] recipe(TableFormat format, String name) {
    return new String[] {
      "signals.format=" + EnumText.of(format), "signals.table=" + table(format, name)
    };
  }

  private static void end() {
    SparkSession.getActiveSession().foreach(session -> stopped(session));
    SparkSession.getDefaultSession().foreach(session -> stopped(session));
  }

  private static Object stopped(SparkSession session) {
    session.stop();
    return session;
  }

  @Override
  public void close() {
    spark.stop();
    settings.keySet().forEach(System::clearProperty);
  }
}
