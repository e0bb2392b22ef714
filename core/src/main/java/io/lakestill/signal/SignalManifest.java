package io.lakestill.signal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.Errors;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.signal.codec.Codec;
import io.lakestill.signal.codec.Dense32;
import java.util.List;
import java.util.Optional;

/**
 * One version of a signal table: everything a reader may believe about it. Its JSON form is {@code
 * signal-manifest.v2.schema.json}.
 *
 * <p>A version may keep files of older ones where they are. A tombstone file lists examples that
 * changed or vanished: every row with such a key in a file of an older version than the tombstone's
 * is dead. Format 1 had neither.
 *
 * @param version the version, from 1
 * @param created when it was committed, ISO 8601 in UTC
 * @param runId the run that wrote it
 * @param codeVersion the Lakestill that wrote it
 * @param fingerprint SHA-256 over everything the signals depend on; a stage that would write the
 *     same fingerprint has nothing to do
 * @param teacher who said it
 * @param preprocessing {@link io.lakestill.data.FeaturePipeline#fingerprint} of what the teacher
 *     saw
 * @param signals the signals, their shapes and how they are stored
 * @param classes the class names, in the order of the logits
 * @param views the views of a training example
 * @param inputs the tables that were read
 * @param files the signal files
 * @param quarantine the files of the rows the teacher could say nothing about
 * @param basis SHA-256 over everything the signals of one row depend on but the row itself: as long
 *     as it is the same, a row whose content is the same need not be taught again; format 1 had
 *     none
 * @param tombstones the files of the keys whose older rows are dead
 * @param deadRows rows of the files that are dead
 */
public record SignalManifest(
    int version,
    String created,
    String runId,
    String codeVersion,
    String fingerprint,
    Teacher teacher,
    String preprocessing,
    List<SignalColumn> signals,
    List<String> classes,
    Views views,
    List<InputSnapshot> inputs,
    List<SignalFile> files,
    List<SignalFile> quarantine,
    Optional<String> basis,
    List<SignalFile> tombstones,
    long deadRows) {
  public static final int FORMAT_VERSION = 2;

  /**
   * @param id the teacher's id in the recipe
   * @param sha256 of its ONNX file
   */
  public record Teacher(String id, String sha256) {}

  /**
   * @param count views of each training example, view 0 included
   * @param seed the seed of their draws
   */
  public record Views(int count, long seed) {}

  public SignalManifest {
    signals = List.copyOf(signals);
    classes = List.copyOf(classes);
    inputs = List.copyOf(inputs);
    files = List.copyOf(files);
    quarantine = List.copyOf(quarantine);
    tombstones = List.copyOf(tombstones);
    if (version < 1) {
      throw new IllegalArgumentException("version must be at least 1, is " + version);
    }
    long stored = files.stream().mapToLong(SignalFile::rows).sum();
    if (deadRows < 0 || deadRows > stored || (deadRows > 0 && tombstones.isEmpty())) {
      throw new IllegalArgumentException(
          "%d of %d rows cannot be dead by %d files of tombstones"
              .formatted(deadRows, stored, tombstones.size()));
    }
  }

  /** Living rows with signals. */
  public long rows() {
    return files.stream().mapToLong(SignalFile::rows).sum() - deadRows;
  }

  /** Rows that were taught for this version; the others were kept of older ones. */
  public long newRows() {
    return files.stream()
        .filter(file -> file.version(version) == version)
        .mapToLong(SignalFile::rows)
        .sum();
  }

  /** Rows in quarantine. */
  public long quarantinedRows() {
    return quarantine.stream().mapToLong(SignalFile::rows).sum();
  }

  /**
   * The column of a signal.
   *
   * @throws IllegalArgumentException when there is no such signal
   */
  public SignalColumn column(String signal) {
    return signals.stream()
        .filter(column -> column.name().equals(signal))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no signal is named '" + signal + "'"));
  }

  /** The columns of its files. */
  public SignalSchema schema() {
    return new SignalSchema(signals);
  }

  public ObjectNode toJson() {
    ObjectNode json =
        Json.object()
            .put("format_version", FORMAT_VERSION)
            .put("version", version)
            .put("created", created)
            .put("run_id", runId)
            .put("code_version", codeVersion)
            .put("fingerprint", fingerprint);
    json.putObject("teacher").put("id", teacher.id()).put("sha256", teacher.sha256());
    json.put("preprocessing", preprocessing);
    ArrayNode columns = json.putArray("signals");
    signals.forEach(signal -> columns.add(column(signal)));
    ArrayNode names = json.putArray("classes");
    classes.forEach(names::add);
    json.putObject("views").put("count", views.count()).put("seed", views.seed());
    ArrayNode tables = json.putArray("inputs");
    inputs.forEach(input -> tables.add(input.toJson()));
    json.put("rows", rows());
    ArrayNode written = json.putArray("files");
    files.forEach(file -> written.add(file.toJson()));
    json.put("quarantined_rows", quarantinedRows());
    ArrayNode refused = json.putArray("quarantine");
    quarantine.forEach(file -> refused.add(file.toJson()));
    basis.ifPresent(sha256 -> json.put("basis", sha256));
    json.put("dead_rows", deadRows);
    ArrayNode gone = json.putArray("tombstones");
    tombstones.forEach(file -> gone.add(file.toJson()));
    return json;
  }

  private static ObjectNode column(SignalColumn signal) {
    ObjectNode json = Json.object().put("name", signal.name()).put("width", signal.width());
    ArrayNode shape = json.putArray("shape");
    signal.shape().forEach(shape::add);
    json.set("codec", signal.codec().toJson());
    return json;
  }

  /** The first tables had neither shapes nor codecs: what they hold is flat and as it came. */
  private static SignalColumn column(JsonFields from) {
    int width = from.integer("width");
    List<Integer> shape = from.has("shape") ? from.integers("shape") : List.of(width);
    Codec codec = from.optional("codec", Codec::fromJson).orElseGet(Dense32::new);
    SignalColumn signal = new SignalColumn(from.text("name"), shape, codec);
    if (signal.width() != width) {
      throw new IllegalArgumentException(
          "signal %s has width %d and shape %s".formatted(signal.name(), width, signal.shape()));
    }
    return signal;
  }

  /**
   * @param json the tree
   * @param origin where it comes from, for messages
   * @throws io.lakestill.error.LakestillException (exit 3) when it was written by a newer format, a
   *     field is missing or of another type, or the rows of the files do not add up
   */
  public static SignalManifest fromJson(JsonNode json, String origin) {
    JsonFields fields = JsonFields.of(json, origin);
    fields.requireFormat(FORMAT_VERSION);
    SignalManifest manifest = fields.build(() -> read(fields));
    if (manifest.rows() != fields.whole("rows")
        || manifest.quarantinedRows() != fields.whole("quarantined_rows")) {
      throw Errors.badInput(
          "'%s' is damaged: the rows of its files do not add up to its total.".formatted(origin));
    }
    return manifest;
  }

  private static SignalManifest read(JsonFields fields) {
    return new SignalManifest(
        fields.integer("version"),
        fields.text("created"),
        fields.text("run_id"),
        fields.text("code_version"),
        fields.text("fingerprint"),
        fields.object("teacher", from -> new Teacher(from.text("id"), from.text("sha256"))),
        fields.text("preprocessing"),
        fields.objects("signals", SignalManifest::column),
        fields.texts("classes"),
        fields.object("views", from -> new Views(from.integer("count"), from.whole("seed"))),
        fields.objects("inputs", InputSnapshot::fromJson),
        fields.objects("files", SignalFile::fromJson),
        fields.objects("quarantine", SignalFile::fromJson),
        fields.optionalText("basis"),
        fields.has("tombstones") ? fields.objects("tombstones", SignalFile::fromJson) : List.of(),
        fields.has("dead_rows") ? fields.whole("dead_rows") : 0);
  }
}
