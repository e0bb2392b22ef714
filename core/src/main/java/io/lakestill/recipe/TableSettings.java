package io.lakestill.recipe;

import java.util.Optional;

/**
 * A Parquet table on any Hadoop file system, and which of its rows are meant.
 *
 * @param path where it is
 * @param where a SQL condition on its columns, if only some rows are meant
 */
public record TableSettings(String path, Optional<String> where) {

  /** The rows that meet one more condition. */
  TableSettings and(String condition) {
    return new TableSettings(
        path, Optional.of(where.map(given -> "(" + given + ") AND ").orElse("") + condition));
  }

  /** All rows. */
  public TableSettings whole() {
    return new TableSettings(path, Optional.empty());
  }
}
