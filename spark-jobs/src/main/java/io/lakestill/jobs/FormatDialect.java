package io.lakestill.jobs;

import io.lakestill.recipe.TableFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;

/** What differs between table formats that Spark writes through their own libraries. */
sealed interface FormatDialect permits IcebergDialect, DeltaDialect {
  /**
   * @throws IllegalArgumentException when the format is Lakestill's own
   */
  static FormatDialect of(TableFormat format) {
    return switch (format) {
      case ICEBERG -> new IcebergDialect();
      case DELTA -> new DeltaDialect();
      case PARQUET -> throw new IllegalArgumentException("files have no dialect");
    };
  }

  /** As Spark calls it behind {@code USING}. */
  String name();

  /** What {@code spark-submit} has to be given, for a message. */
  String needed();

  /** Whether a catalog of that class has tables of this format. */
  boolean isCatalog(String implementation);

  /** A class of its library. */
  String libraryClass();

  /** What the session must be extended by; empty when it need not be. */
  Optional<String> extension();

  /** How a table is compacted, in SQL. */
  String compaction(String table);

  /** Makes another table in the place of one, which keeps its snapshots. */
  void replace(SparkSession spark, String table, FormatDefinition definition);

  /** Forgets what this session remembers of a table that others write, too. */
  void refresh(SparkSession spark, String table);

  /** The snapshot that readers take; empty when nothing was ever committed. */
  Optional<String> head(SparkSession spark, String table);

  /** The snapshots that the table still knows, the newest first. */
  List<Snapshot> history(SparkSession spark, String table);

  /** The options of a write that has its snapshot say something. */
  Map<String, String> options(String mark);

  /**
   * Whether a commit surely did not happen since somebody else's came first, so that it can be
   * tried again.
   */
  default boolean isOvertaken(Throwable failure) {
    return Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
        .anyMatch(cause -> isConflict(cause.getClass().getName()));
  }

  /** Whether exceptions of that class say so. */
  boolean isConflict(String exception);

  /**
   * A commit to a table, by whomever.
   *
   * @param id as the format calls it
   * @param mark what its writer had it say, if anything
   */
  record Snapshot(String id, Optional<String> mark) {}
}
