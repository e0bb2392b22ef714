package io.lakestill.signal;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import java.util.Collection;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file somebody wrote completely.
 *
 * @param name as a manifest names it: its path below the table; as who wrote it names it: its name
 *     alone
 * @param rows rows in it
 * @param bytes its size
 * @param sha256 of its bytes, computed while they were written
 */
public record SignalFile(String name, long rows, long bytes, String sha256) {
  private static final Pattern NAME = Pattern.compile("[0-9A-Za-z_=.-]+(/[0-9A-Za-z_=.-]+)*");
  private static final Pattern NUMBER = Pattern.compile("(?:^|/)(?:v=|[a-z]+-v)([0-9]{1,9})/");

  public SignalFile {
    if (!NAME.matcher(name).matches() || ("/" + name + "/").contains("/../")) {
      throw new IllegalArgumentException("'" + name + "' is not a path below the table");
    }
    if (rows < 0 || bytes < 0) {
      throw new IllegalArgumentException(name + " cannot have " + rows + " rows in " + bytes);
    }
  }

  /** Rows in all of them. */
  static long rows(Collection<SignalFile> files) {
    return files.stream().mapToLong(SignalFile::rows).sum();
  }

  /** The same file as a manifest names it. */
  SignalFile in(String folder) {
    return new SignalFile(folder + "/" + name, rows, bytes, sha256);
  }

  /**
   * The number of its folder: within a slice a higher one is a younger file.
   *
   * @throws IllegalArgumentException when its name is not that of a manifest
   */
  int number() {
    Matcher matcher = NUMBER.matcher(name);
    if (!matcher.find()) {
      throw new IllegalArgumentException(name + " lies in no folder with a number");
    }
    return Integer.parseInt(matcher.group(1));
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
