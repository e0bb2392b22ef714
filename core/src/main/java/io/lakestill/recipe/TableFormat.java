package io.lakestill.recipe;

/** What keeps the rows of a signal table. */
public enum TableFormat {
  /** Lakestill's own folders of Parquet files. */
  PARQUET,
  /** A table of Apache Iceberg, through Spark's catalog of that name. */
  ICEBERG,
  /** A table of Delta Lake, through Spark's catalog of that name, or by its path. */
  DELTA
}
