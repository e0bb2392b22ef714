package io.lakestill.signal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.Errors;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.io.Sha256;
import io.lakestill.signal.projection.Projection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * One version of a signal table: everything a reader may believe about it. Its JSON form is {@code
 * signal-manifest.v3.schema.json}, or v4 where its rows lie in a table of another format.
 *
 * <p>What holds of every row is the version's, what holds of the examples of one date its {@link
 * Slice}'s. Formats 1 and 2 knew no slices; their tables are read as one slice without a date.
 *
 * @param version the version, from 1
 * @param created when it was committed, ISO 8601 in UTC
 * @param runId the run that committed it
 * @param codeVersion the Lakestill that wrote it
 * @param teacher who said it
 * @param preprocessing {@link io.lakestill.data.FeaturePipeline#fingerprint} of what the teacher
 *     saw
 * @param signals the signals, their shapes and how they are stored
 * @param classes the class names, in the order of the logits
 * @param views the views of a training example
 * @param basis SHA-256 over everything the signals of one row depend on but the row itself: as long
 *     as it is the same, a row whose content is the same need not be taught again; format 1 had
 *     none
 * @param slices by date; a table without dates has one, which names none
 * @param store the table of another format that keeps the rows; empty where they lie in files
 */
public record SignalManifest(
    int version,
    String created,
    String runId,
    String codeVersion,
    Teacher teacher,
    String preprocessing,
    List<SignalColumn> signals,
    List<String> classes,
    Views views,
    Optional<String> basis,
    List<Slice> slices,
    Optional<RowStore> store) {
  public static final int FORMAT_VERSION = 4;

  private static final int FIRST_WITH_SLICES = 3;

  /** What is in files is written so that a Lakestill which knows nothing else can read it. */
  static final int LAST_WITHOUT_STORE = 3;

  /**
   * @param id the teacher's id in the recipe
   * @param sha256 of its ONNX file; of a table, of where it is and how it is read
   * @param shown what it was shown of an example
   */
  public record Teacher(String id, String sha256, SignalSchema.Shown shown) {

    /** One that was shown what a student is shown. */
    public Teacher(String id, String sha256) {
      this(id, sha256, SignalSchema.Shown.FEATURES);
    }

    private ObjectNode toJson() {
      ObjectNode json = Json.object().put("id", id).put("sha256", sha256);
      return shown == SignalSchema.Shown.OWN_FEATURES ? json.put("own_features", true) : json;
    }

    private static Teacher fromJson(JsonFields from) {
      boolean own = from.has("own_features") && from.flag("own_features");
      return new Teacher(
          from.text("id"),
          from.text("sha256"),
          own ? SignalSchema.Shown.OWN_FEATURES : SignalSchema.Shown.FEATURES);
    }
  }

  /**
   * @param count views of each training example, view 0 included
   * @param seed the seed of their draws
   */
  public record Views(int count, long seed) {}

  public SignalManifest {
    signals = List.copyOf(signals);
    classes = List.copyOf(classes);
    if (version < 1) {
      throw new IllegalArgumentException("version must be at least 1, is " + version);
    }
    if (slices.stream().anyMatch(slice -> slice.stored().isPresent() != store.isPresent())) {
      throw new IllegalArgumentException(
          "all rows lie in files, or all in the table of another format");
    }
    List<String> dates = slices.stream().map(slice -> slice.date().orElse("no date")).toList();
    if (dates.stream().distinct().count() != dates.size()
        || (dates.size() > 1 && dates.contains("no date"))) {
      throw new IllegalArgumentException(
          "a table has one slice for each date, or one without a date; has " + dates);
    }
    slices =
        slices.stream().sorted(Comparator.comparing(slice -> slice.date().orElse(""))).toList();
  }

  /** Of rows that lie in files. */
  public SignalManifest(
      int version,
      String created,
      String runId,
      String codeVersion,
      Teacher teacher,
      String preprocessing,
      List<SignalColumn> signals,
      List<String> classes,
      Views views,
      Optional<String> basis,
      List<Slice> slices) {
    this(
        version,
        created,
        runId,
        codeVersion,
        teacher,
        preprocessing,
        signals,
        classes,
        views,
        basis,
        slices,
        Optional.empty());
  }

  /** Its slice of a date, or of no date. */
  public Optional<Slice> slice(Optional<String> date) {
    return slices.stream().filter(slice -> slice.date().equals(date)).findFirst();
  }

  /** The dates of its slices, in order; none in a table without dates. */
  public List<String> dates() {
    return slices.stream().flatMap(slice -> slice.date().stream()).toList();
  }

  /** The same version with some of its slices only. */
  public SignalManifest only(Predicate<Slice> kept) {
    return next(version, created, runId, slices.stream().filter(kept).toList());
  }

  /** A version of the same kind: what holds of every row is the same. */
  public SignalManifest next(int version, String created, String runId, List<Slice> slices) {
    return with(version, created, runId, slices, store);
  }

  /** The same version of slices whose rows lie in a table of another format. */
  public SignalManifest in(RowStore table, List<Slice> stored) {
    return with(version, created, runId, stored, Optional.of(table));
  }

  private SignalManifest with(
      int version, String created, String runId, List<Slice> slices, Optional<RowStore> store) {
    return new SignalManifest(
        version,
        created,
        runId,
        codeVersion,
        teacher,
        preprocessing,
        signals,
        classes,
        views,
        basis,
        slices,
        store);
  }

  /** SHA-256 over everything its signals depend on. */
  public String fingerprint() {
    if (slices.size() == 1) {
      return slices.get(0).fingerprint();
    }
    return Sha256.of(
        slices.stream()
            .map(slice -> slice.date().orElse("") + " " + slice.fingerprint())
            .collect(Collectors.joining("\n")));
  }

  /** The tables that were read, each as it was for some slice. */
  public List<InputSnapshot> inputs() {
    return slices.stream().flatMap(slice -> slice.inputs().stream()).distinct().toList();
  }

  /** The signal files of all slices. */
  public List<SignalFile> files() {
    return Content.SIGNALS.files(this);
  }

  /** The quarantine files of all slices. */
  public List<SignalFile> quarantine() {
    return Content.QUARANTINE.files(this);
  }

  /** The tombstone files of all slices; those of one apply to its own files only. */
  public List<SignalFile> tombstones() {
    return Content.TOMBSTONES.files(this);
  }

  /** Dead rows of all slices. */
  public long deadRows() {
    return slices.stream().mapToLong(Slice::deadRows).sum();
  }

  /** Living rows with signals. */
  public long rows() {
    return slices.stream().mapToLong(Slice::rows).sum();
  }

  /** Rows that the run which committed it wrote; the others were kept. */
  public long newRows() {
    return slices.stream()
        .filter(slice -> slice.runId().equals(runId))
        .mapToLong(Slice::newRows)
        .sum();
  }

  /** Rows in quarantine. */
  public long quarantinedRows() {
    return slices.stream().mapToLong(Slice::quarantinedRows).sum();
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

  /** SHA-256 of the projectors that its signals were narrowed by. */
  public List<String> projectors() {
    return signals.stream()
        .flatMap(signal -> signal.projection().stream())
        .map(Projection::sha256)
        .distinct()
        .toList();
  }

  /** The columns of its files. */
  public SignalSchema schema() {
    return new SignalSchema(signals, teacher.shown());
  }

  public ObjectNode toJson() {
    ObjectNode json =
        Json.object()
            .put("format_version", store.isPresent() ? FORMAT_VERSION : LAST_WITHOUT_STORE)
            .put("version", version)
            .put("created", created)
            .put("run_id", runId)
            .put("code_version", codeVersion);
    json.set("teacher", teacher.toJson());
    json.put("preprocessing", preprocessing);
    ArrayNode columns = json.putArray("signals");
    signals.forEach(signal -> columns.add(signal.toJson()));
    ArrayNode names = json.putArray("classes");
    classes.forEach(names::add);
    json.putObject("views").put("count", views.count()).put("seed", views.seed());
    basis.ifPresent(sha256 -> json.put("basis", sha256));
    store.ifPresent(table -> json.set("store", table.toJson()));
    json.put("rows", rows()).put("quarantined_rows", quarantinedRows());
    ArrayNode parts = json.putArray("slices");
    slices.forEach(slice -> parts.add(slice.toJson()));
    return json;
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
          "'%s' is damaged: the rows of its slices do not add up to its total.".formatted(origin));
    }
    return manifest;
  }

  private static SignalManifest read(JsonFields fields) {
    return new SignalManifest(
        fields.integer("version"),
        fields.text("created"),
        fields.text("run_id"),
        fields.text("code_version"),
        fields.object("teacher", Teacher::fromJson),
        fields.text("preprocessing"),
        fields.objects("signals", SignalColumn::fromJson),
        fields.texts("classes"),
        fields.object("views", from -> new Views(from.integer("count"), from.whole("seed"))),
        fields.optionalText("basis"),
        fields.whole("format_version") < FIRST_WITH_SLICES
            ? List.of(Slice.ofWholeTable(fields))
            : fields.objects("slices", Slice::fromJson),
        fields.optional("store", RowStore::fromJson));
  }
}
