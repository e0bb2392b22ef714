package io.lakestill.signal;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.EnumText;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.recipe.TableFormat;

/**
 * The table of another format that keeps the rows of a signal table.
 *
 * @param format not Lakestill's own
 * @param table how Spark calls it
 */
public record RowStore(TableFormat format, String table) {
  /** The column that says of which date a row is, in a table with dates. */
  public static final String DATE = "dt";

  public RowStore {
    if (format == TableFormat.PARQUET) {
      throw new IllegalArgumentException("rows in Lakestill's own format have no other store");
    }
  }

  ObjectNode toJson() {
    return Json.object().put("format", EnumText.of(format)).put("table", table);
  }

  static RowStore fromJson(JsonFields fields) {
    return new RowStore(fields.choice("format", TableFormat.class), fields.text("table"));
  }

  /** Such as {@code iceberg table lake.distil.resnet}. */
  @Override
  public String toString() {
    return EnumText.of(format) + " table " + table;
  }
}
