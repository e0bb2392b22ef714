package io.lakestill.recipe;

import io.lakestill.io.EnumText;
import java.util.Optional;

/**
 * Where the rows of signal tables are kept.
 *
 * @param format what keeps them
 * @param table how Spark calls the table, with {@code {teacher}} for the teacher's id; empty where
 *     the rows lie in the folder of the signal table itself
 */
public record StoreSettings(TableFormat format, Optional<String> table) {
  /** Stands for the id of a teacher in the name of a table. */
  public static final String TEACHER = "{teacher}";

  public StoreSettings {
    if (format == TableFormat.PARQUET && table.isPresent()) {
      throw new IllegalArgumentException(
          "table names a table of another format; give format = iceberg or delta, or remove it");
    }
    if (format != TableFormat.PARQUET && table.isEmpty()) {
      throw new IllegalArgumentException(
          "format = %s needs the name of a table, such as table = \"lake.distil.%s\""
              .formatted(EnumText.of(format), TEACHER));
    }
  }

  /**
   * @param settings the section {@code signals}
   */
  static Optional<StoreSettings> read(Settings settings) {
    TableFormat format = settings.choice("format", TableFormat.class);
    Optional<String> table = settings.optionalText("table");
    try {
      return Optional.of(new StoreSettings(format, table));
    } catch (IllegalArgumentException e) {
      settings.problem("format", e.getMessage());
      return Optional.empty();
    }
  }

  /**
   * The table of a teacher; empty in Lakestill's own format. What cannot stand in the name of a
   * table becomes {@code _}.
   */
  public Optional<String> table(String teacher) {
    return table.map(name -> name.replace(TEACHER, teacher.replaceAll("[^0-9A-Za-z_]", "_")));
  }
}
