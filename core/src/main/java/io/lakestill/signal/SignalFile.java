package io.lakestill.signal;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;

/**
 * A file somebody wrote completely, as a manifest names it.
 *
 * @param name its name in the folder of its version
 * @param rows rows in it
 * @param bytes its size
 * @param sha256 of its bytes, computed while they were written
 */
public record SignalFile(String name, long rows, long bytes, String sha256) {

  public ObjectNode toJson() {
    return Json.object()
        .put("name", name)
        .put("rows", rows)
        .put("bytes", bytes)
        .put("sha256", sha256);
  }

  /**
   * @throws io.lakestill.error.LakestillException (exit 3) when a field is missing or of another
   *     type
   */
  public static SignalFile fromJson(JsonFields fields) {
    return new SignalFile(
        fields.text("name"), fields.whole("rows"), fields.whole("bytes"), fields.text("sha256"));
  }
}
