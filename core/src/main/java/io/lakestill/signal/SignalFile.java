package io.lakestill.signal;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file somebody wrote completely, as a manifest names it.
 *
 * @param name its name in the folder of the manifest's version; the path below the table, with a
 *     slash, of a file that an older version wrote
 * @param rows rows in it
 * @param bytes its size
 * @param sha256 of its bytes, computed while they were written
 */
public record SignalFile(String name, long rows, long bytes, String sha256) {
  private static final Pattern NAME = Pattern.compile("[0-9A-Za-z_=.-]+(/[0-9A-Za-z_=.-]+)*");
  private static final Pattern VERSION = Pattern.compile("(?:^|/)(?:v=|[a-z]+-v)([0-9]{1,9})/");

  public SignalFile {
    if (!NAME.matcher(name).matches() || ("/" + name + "/").contains("/../")) {
      throw new IllegalArgumentException("'" + name + "' is not a path below the table");
    }
    if (rows < 0 || bytes < 0) {
      throw new IllegalArgumentException(name + " cannot have " + rows + " rows in " + bytes);
    }
  }

  /** The same file as a manifest of a later version names it. */
  SignalFile in(String folder) {
    return name.contains("/") ? this : new SignalFile(folder + "/" + name, rows, bytes, sha256);
  }

  /**
   * The version that wrote it.
   *
   * @param manifest the version whose manifest names it
   */
  int version(int manifest) {
    Matcher matcher = VERSION.matcher(name);
    return matcher.find() ? Integer.parseInt(matcher.group(1)) : manifest;
  }

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
