package io.lakestill.signal;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;

/**
 * The rows of a slice that lie in a table of another format.
 *
 * @param generation of the table: it is another one when the table was made anew
 * @param snapshot in which they were committed, as the format calls it
 * @param newRows how many were written then; the others were kept
 * @param sums what they are
 */
public record StoredRows(String generation, String snapshot, long newRows, RowSums sums) {
  public StoredRows {
    if (newRows < 0 || newRows > sums.rows()) {
      throw new IllegalArgumentException(
          "%d of %d rows cannot be new".formatted(newRows, sums.rows()));
    }
  }

  ObjectNode toJson() {
    ObjectNode json =
        Json.object()
            .put("generation", generation)
            .put("snapshot", snapshot)
            .put("new_rows", newRows);
    sums.into(json);
    return json;
  }

  static StoredRows fromJson(JsonFields fields) {
    return new StoredRows(
        fields.text("generation"),
        fields.text("snapshot"),
        fields.whole("new_rows"),
        RowSums.fromJson(fields));
  }
}
