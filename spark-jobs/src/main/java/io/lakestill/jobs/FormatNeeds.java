package io.lakestill.jobs;

import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.signal.RowStore;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.connector.catalog.CatalogManager;
import scala.collection.JavaConverters;

/** What a session needs for a table of another format, found before anything is read or written. */
final class FormatNeeds {
  private static final String EXTENSIONS = "spark.sql.extensions";
  private static final String CATALOG = "spark.sql.catalog.";

  private FormatNeeds() {}

  /**
   * @throws LakestillException (exit 2) when its library, its extension or a catalog for the table
   *     is missing, with what to add
   */
  static void require(SparkSession spark, FormatDialect dialect, RowStore store) {
    List<String> parts = parts(spark, store.table());
    if (!isThere(dialect.libraryClass())) {
      throw lacking(store, dialect, "its library is not on the class path");
    }
    dialect
        .extension()
        .filter(extension -> !extensions(spark).contains(extension))
        .ifPresent(
            extension -> {
              throw lacking(store, dialect, EXTENSIONS + " lacks " + extension);
            });
    String catalog = catalog(spark, parts);
    String implementation = spark.conf().get(CATALOG + catalog, "none");
    if (!dialect.isCatalog(implementation)) {
      throw lacking(
          store,
          dialect,
          "catalog '%s' is of another kind (%s%s = %s)"
              .formatted(catalog, CATALOG, catalog, implementation));
    }
  }

  private static LakestillException lacking(RowStore store, FormatDialect dialect, String what) {
    return Errors.badRecipe(
        "The %s cannot be used: %s. Give spark-submit, or bin/lakestill in front of the command, %s."
            .formatted(store, what, dialect.needed()));
  }

  private static boolean isThere(String name) {
    try {
      Class.forName(name, false, Thread.currentThread().getContextClassLoader());
      return true;
    } catch (ClassNotFoundException | LinkageError e) {
      return false;
    }
  }

  private static List<String> extensions(SparkSession spark) {
    return Arrays.stream(spark.conf().get(EXTENSIONS, "").split(",", -1))
        .map(String::strip)
        .toList();
  }

  /** The catalog that Spark looks into for a name. */
  private static String catalog(SparkSession spark, List<String> parts) {
    CatalogManager catalogs = spark.sessionState().catalogManager();
    return parts.size() > 1 && catalogs.isCatalogRegistered(parts.get(0))
        ? parts.get(0)
        : catalogs.currentCatalog().name();
  }

  /** The folder of a table that is named by it, such as {@code delta.`/lake/signals`}. */
  static Optional<String> path(SparkSession spark, String table) {
    List<String> parts = parts(spark, table);
    String last = parts.get(parts.size() - 1);
    return parts.size() == 2 && last.contains("/") ? Optional.of(last) : Optional.empty();
  }

  /** The namespace of a table in SQL; empty of a path, and in a catalog itself. */
  static String namespace(SparkSession spark, String table) {
    List<String> parts = parts(spark, table);
    boolean named = spark.sessionState().catalogManager().isCatalogRegistered(parts.get(0));
    List<String> namespace = parts.subList(0, parts.size() - 1);
    if (namespace.size() <= (named ? 1 : 0) || path(spark, table).isPresent()) {
      return "";
    }
    return "`" + String.join("`.`", namespace) + "`";
  }

  /**
   * The parts of a name.
   *
   * @throws LakestillException (exit 2) when it is none
   */
  private static List<String> parts(SparkSession spark, String table) {
    try {
      return JavaConverters.seqAsJavaList(
          spark.sessionState().sqlParser().parseMultipartIdentifier(table));
    } catch (Exception e) { // Spark's Scala throws checked exceptions that it does not declare.
      throw Errors.badRecipe(
          ("'%s' is not the name of a table in Spark SQL; write signals.table such as"
                  + " lake.distil.resnet, with `backticks` around parts that hold other characters.")
              .formatted(table));
    }
  }
}
