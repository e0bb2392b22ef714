package io.lakestill.jobs;

import io.lakestill.signal.RowStore;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.sql.types.StructType;

/**
 * What a table of another format is made as.
 *
 * @param columns of its rows, but for the date
 * @param dates whether rows have dates
 * @param root where the signal table is
 * @param kind what every row depends on but its example
 * @param generation of this making of it
 */
record FormatDefinition(
    StructType columns, Dates dates, String root, String kind, String generation) {
  /** Where the signal table is whose rows it keeps. */
  static final String ROOT = "lakestill.root";

  /** What every row depends on but its example: rows of two kinds are never in one table. */
  static final String KIND = "lakestill.kind";

  /** Of this making of the table: what is said of another one's rows says nothing of this one's. */
  static final String GENERATION = "lakestill.generation";

  /** Whether rows have dates. */
  enum Dates {
    NONE,
    SOME
  }

  /** All columns. */
  StructType schema() {
    return dates == Dates.SOME ? columns.add(RowStore.DATE, "string") : columns;
  }

  /** What stands behind its name in {@code CREATE TABLE}. */
  String sql(String format) {
    return "(%s) USING %s%s TBLPROPERTIES %s"
        .formatted(
            schema().toDDL(),
            format,
            dates == Dates.SOME ? " PARTITIONED BY (" + RowStore.DATE + ")" : "",
            listed(Map.of(ROOT, root, KIND, kind, GENERATION, generation)));
  }

  /** Properties as SQL takes them. */
  static String listed(Map<String, String> properties) {
    return properties.entrySet().stream()
        .map(entry -> "'%s' = '%s'".formatted(entry.getKey(), quoted(entry.getValue())))
        .collect(Collectors.joining(", ", "(", ")"));
  }

  private static String quoted(String value) {
    return value.replace("\\", "\\\\").replace("'", "\\'");
  }
}
