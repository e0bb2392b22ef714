package io.lakestill.signal;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a teacher said of the examples of one date; of all examples in a table without dates.
 *
 * <p>A tombstone lists examples that changed or vanished: every row with such a key in a file of
 * this slice that has a lower number than the tombstone's is dead.
 *
 * @param date the date, which is also the name of a folder; empty in a table without dates
 * @param number the number of the folders that it was last written to
 * @param runId the run that wrote those
 * @param fingerprint SHA-256 over everything its signals depend on; a run that would leave a slice
 *     of the same fingerprint has nothing to do
 * @param inputs the tables that were read, as they were then
 * @param files the signal files
 * @param quarantine the files of the rows the teacher could say nothing about
 * @param tombstones the files of the keys whose older rows are dead
 * @param deadRows rows of the files that are dead
 * @param stored its rows, where they lie in a table of another format; then it has no signal files
 *     and no tombstones
 */
public record Slice(
    Optional<String> date,
    int number,
    String runId,
    String fingerprint,
    List<InputSnapshot> inputs,
    List<SignalFile> files,
    List<SignalFile> quarantine,
    List<SignalFile> tombstones,
    long deadRows,
    Optional<StoredRows> stored) {
  private static final Pattern DATE = Pattern.compile("[0-9A-Za-z_.-]{1,100}");

  public Slice {
    inputs = List.copyOf(inputs);
    files = List.copyOf(files);
    quarantine = List.copyOf(quarantine);
    tombstones = List.copyOf(tombstones);
    if (date.isPresent() && !isDate(date.get())) {
      throw new IllegalArgumentException("'" + date.get() + "' cannot be the name of a folder");
    }
    if (number < 1) {
      throw new IllegalArgumentException("number must be at least 1, is " + number);
    }
    long inFiles = SignalFile.rows(files);
    if (deadRows < 0 || deadRows > inFiles || (deadRows > 0 && tombstones.isEmpty())) {
      throw new IllegalArgumentException(
          "%d of %d rows cannot be dead by %d files of tombstones"
              .formatted(deadRows, inFiles, tombstones.size()));
    }
    if (stored.isPresent() && !(files.isEmpty() && tombstones.isEmpty())) {
      throw new IllegalArgumentException("its rows are in files and in a table as well");
    }
    requireInPlace(Content.SIGNALS, files, date);
    requireInPlace(Content.QUARANTINE, quarantine, date);
    requireInPlace(Content.TOMBSTONES, tombstones, date);
  }

  /** Of rows that lie in files. */
  public Slice(
      Optional<String> date,
      int number,
      String runId,
      String fingerprint,
      List<InputSnapshot> inputs,
      List<SignalFile> files,
      List<SignalFile> quarantine,
      List<SignalFile> tombstones,
      long deadRows) {
    this(
        date,
        number,
        runId,
        fingerprint,
        inputs,
        files,
        quarantine,
        tombstones,
        deadRows,
        Optional.empty());
  }

  /** The same whose rows lie in a table of another format. */
  public Slice in(StoredRows table) {
    return new Slice(
        date,
        number,
        runId,
        fingerprint,
        inputs,
        List.of(),
        quarantine,
        List.of(),
        0,
        Optional.of(table));
  }

  private static void requireInPlace(
      Content content, List<SignalFile> files, Optional<String> date) {
    for (SignalFile file : files) {
      String folder = content.folder(file.number(), date);
      if (!file.name().startsWith(folder + "/")) {
        throw new IllegalArgumentException(
            "%s does not lie in a folder such as %s".formatted(file.name(), folder));
      }
    }
  }

  /** Whether a value of the date column can be the name of a slice and its folders. */
  public static boolean isDate(String value) {
    return DATE.matcher(value).matches();
  }

  /** Living rows with signals. */
  public long rows() {
    return stored.map(rows -> rows.sums().rows()).orElse(SignalFile.rows(files) - deadRows);
  }

  /** Rows in quarantine. */
  public long quarantinedRows() {
    return SignalFile.rows(quarantine);
  }

  /** Rows that were written when it was last written; the others were kept. */
  public long newRows() {
    return stored
        .map(StoredRows::newRows)
        .orElseGet(
            () -> SignalFile.rows(files.stream().filter(file -> file.number() == number).toList()));
  }

  /** Size of its signal files. */
  public long bytes() {
    return files.stream().mapToLong(SignalFile::bytes).sum();
  }

  ObjectNode toJson() {
    ObjectNode json = Json.object();
    date.ifPresent(day -> json.put("dt", day));
    json.put("number", number).put("run_id", runId).put("fingerprint", fingerprint);
    ArrayNode tables = json.putArray("inputs");
    inputs.forEach(input -> tables.add(input.toJson()));
    json.put("rows", rows());
    add(json, "files", files);
    json.put("quarantined_rows", quarantinedRows());
    add(json, "quarantine", quarantine);
    json.put("dead_rows", deadRows);
    add(json, "tombstones", tombstones);
    stored.ifPresent(rows -> json.set("stored", rows.toJson()));
    return json;
  }

  private static void add(ObjectNode json, String key, List<SignalFile> files) {
    ArrayNode list = json.putArray(key);
    files.forEach(file -> list.add(file.toJson()));
  }

  static Slice fromJson(JsonFields fields) {
    Slice slice =
        new Slice(
            fields.optionalText("dt"),
            fields.integer("number"),
            fields.text("run_id"),
            fields.text("fingerprint"),
            fields.objects("inputs", InputSnapshot::fromJson),
            fields.objects("files", SignalFile::fromJson),
            fields.objects("quarantine", SignalFile::fromJson),
            fields.objects("tombstones", SignalFile::fromJson),
            fields.whole("dead_rows"),
            fields.optional("stored", StoredRows::fromJson));
    slice.requireTotals(fields);
    return slice;
  }

  /**
   * Of format 1 or 2, which had one slice: the manifest itself. Files without a slash in their name
   * lay in the folder of its version; format 1 had no tombstones.
   */
  static Slice ofWholeTable(JsonFields fields) {
    int version = fields.integer("version");
    Slice slice =
        new Slice(
            Optional.empty(),
            version,
            fields.text("run_id"),
            fields.text("fingerprint"),
            fields.objects("inputs", InputSnapshot::fromJson),
            placed(fields, "files", Content.SIGNALS, version),
            placed(fields, "quarantine", Content.QUARANTINE, version),
            fields.has("tombstones")
                ? placed(fields, "tombstones", Content.TOMBSTONES, version)
                : List.of(),
            fields.has("dead_rows") ? fields.whole("dead_rows") : 0);
    slice.requireTotals(fields);
    return slice;
  }

  private static List<SignalFile> placed(
      JsonFields fields, String key, Content content, int version) {
    List<SignalFile> placed = new ArrayList<>();
    for (SignalFile file : fields.objects(key, SignalFile::fromJson)) {
      placed.add(
          file.name().contains("/") ? file : file.in(content.folder(version, Optional.empty())));
    }
    return placed;
  }

  private void requireTotals(JsonFields fields) {
    if (rows() != fields.whole("rows") || quarantinedRows() != fields.whole("quarantined_rows")) {
      throw new IllegalArgumentException("the rows of its files do not add up to its total");
    }
  }
}
