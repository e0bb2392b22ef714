package io.lakestill.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.student.StudentGraph;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * What a training left: the contract between {@code train} and {@code export}. Its JSON form is
 * {@code checkpoint-manifest.v2.schema.json}; in format 1 {@code signals} and {@code memory} were
 * one object at most.
 *
 * @param role {@code teacher}, {@code student} or {@code scratch}
 * @param seed of the first weights and of the order of the rows
 * @param graph the trained model
 * @param parameters where its numbers are
 * @param heads where those of the loss's heads are, of the same epoch; empty without heads, and in
 *     checkpoints of versions that did not store them
 * @param memory where that is what the loss remembered when the training ended, a file of each
 *     worker; empty when it remembers nothing or that could not be stored
 * @param bestEpoch the epoch they are from
 * @param history every epoch
 * @param rows what it was trained on
 * @param signals the signals it learned from, in the order of the recipe's teachers; none without
 *     one
 * @param experimental why terms of its loss are experimental, each with its name
 * @param fingerprint SHA-256 over everything the training depends on
 * @param engine what ran it, such as {@code arrays, BigDL 2.5, 1 x 2 cores}
 * @param environment where; empty in checkpoints of versions that did not say
 * @param codeVersion the Lakestill that wrote it
 * @param created when it was written, ISO 8601 in UTC
 */
public record CheckpointManifest(
    String role,
    int seed,
    StudentGraph graph,
    ParameterFile parameters,
    Optional<ParameterFile> heads,
    List<ParameterFile> memory,
    int bestEpoch,
    TrainingHistory history,
    Rows rows,
    List<Signals> signals,
    List<String> experimental,
    String fingerprint,
    String engine,
    Optional<TrainingEnvironment> environment,
    String codeVersion,
    String created) {
  public static final int FORMAT_VERSION = 2;

  /**
   * A file of numbers.
   *
   * @param file its name in the checkpoint's folder; safetensors
   * @param bytes its size
   * @param sha256 of its bytes
   */
  public record ParameterFile(String file, long bytes, String sha256) implements Serializable {
    private static final long serialVersionUID = 1L;

    public ParameterFile {
      if (!file.matches("[0-9A-Za-z_.-]+")) {
        throw new IllegalArgumentException("file must be a plain file name, is '" + file + "'");
      }
    }

    ObjectNode toJson() {
      return Json.object().put("file", file).put("bytes", bytes).put("sha256", sha256);
    }

    static ParameterFile fromJson(JsonFields fields) {
      return new ParameterFile(fields.text("file"), fields.whole("bytes"), fields.text("sha256"));
    }
  }

  /**
   * Row counts.
   *
   * @param training examples trained on
   * @param validation examples that chose the best epoch
   * @param views of each training example
   * @param leftOut examples without signals because the teacher's pass put them into quarantine
   * @param orphans signals of examples that are not in the tables, unused
   */
  public record Rows(long training, long validation, int views, long leftOut, long orphans) {}

  /**
   * The version of a teacher's signal table.
   *
   * @param teacher the teacher's id
   * @param version of its table
   * @param fingerprint of what was read of that version
   * @param dates of the slices that were read, in order; none of a table without dates
   */
  public record Signals(String teacher, int version, String fingerprint, List<String> dates) {
    public Signals {
      dates = List.copyOf(dates);
    }

    /** Of a table without dates. */
    public Signals(String teacher, int version, String fingerprint) {
      this(teacher, version, fingerprint, List.of());
    }
  }

  public CheckpointManifest {
    memory = List.copyOf(memory);
    signals = List.copyOf(signals);
    experimental = List.copyOf(experimental);
    if (bestEpoch < 1 || bestEpoch > history.epochs().size()) {
      throw new IllegalArgumentException(
          "bestEpoch must be one of %d epochs, is %d"
              .formatted(history.epochs().size(), bestEpoch));
    }
  }

  /** The same checkpoint with files of what the loss remembers. */
  public CheckpointManifest withMemory(List<ParameterFile> files) {
    return new CheckpointManifest(
        role,
        seed,
        graph,
        parameters,
        heads,
        files,
        bestEpoch,
        history,
        rows,
        signals,
        experimental,
        fingerprint,
        engine,
        environment,
        codeVersion,
        created);
  }

  /** The epoch the parameters are from. */
  public Epoch best() {
    return history.epochs().get(bestEpoch - 1);
  }

  public ObjectNode toJson() {
    ObjectNode json =
        Json.object()
            .put("format_version", FORMAT_VERSION)
            .put("created", created)
            .put("code_version", codeVersion)
            .put("engine", engine)
            .put("fingerprint", fingerprint)
            .put("role", role)
            .put("seed", seed);
    environment.ifPresent(where -> json.set("environment", where.toJson()));
    json.set("parameters", parameters.toJson());
    heads.ifPresent(file -> json.set("heads", file.toJson()));
    ArrayNode remembered = json.putArray("memory");
    memory.forEach(file -> remembered.add(file.toJson()));
    json.put("best_epoch", bestEpoch);
    json.putObject("best_score")
        .put("validation_accuracy", best().validationAccuracy())
        .put("validation_loss", best().validationLoss());
    json.putObject("rows")
        .put("training", rows.training())
        .put("validation", rows.validation())
        .put("views", rows.views())
        .put("left_out", rows.leftOut())
        .put("orphans", rows.orphans());
    ArrayNode learned = json.putArray("signals");
    for (Signals from : signals) {
      ObjectNode entry =
          learned
              .addObject()
              .put("teacher", from.teacher())
              .put("version", from.version())
              .put("fingerprint", from.fingerprint());
      if (!from.dates().isEmpty()) {
        from.dates().forEach(entry.putArray("dates")::add);
      }
    }
    ArrayNode reasons = json.putArray("experimental");
    experimental.forEach(reasons::add);
    json.set("graph", graph.toJson());
    json.set("history", history.toJson());
    return json;
  }

  /**
   * @param origin where the tree comes from, for messages
   * @throws io.lakestill.error.LakestillException (exit 3) when it was written by a newer format, a
   *     field is missing or what it says cannot be
   */
  public static CheckpointManifest fromJson(JsonNode json, String origin) {
    JsonFields fields = JsonFields.of(json, origin);
    fields.requireFormat(FORMAT_VERSION);
    return fields.build(() -> read(fields));
  }

  private static CheckpointManifest read(JsonFields fields) {
    return new CheckpointManifest(
        fields.text("role"),
        fields.integer("seed"),
        fields.object("graph", StudentGraph::fromJson),
        fields.object("parameters", ParameterFile::fromJson),
        fields.optional("heads", ParameterFile::fromJson),
        severalOrOne(fields, "memory", ParameterFile::fromJson),
        fields.integer("best_epoch"),
        TrainingHistory.fromJson(fields, "history"),
        fields.object("rows", CheckpointManifest::rows),
        severalOrOne(fields, "signals", CheckpointManifest::from),
        fields.has("experimental") ? fields.texts("experimental") : List.of(),
        fields.text("fingerprint"),
        fields.text("engine"),
        fields.optional("environment", TrainingEnvironment::fromJson),
        fields.text("code_version"),
        fields.text("created"));
  }

  /** A list; in format 1 one object, or nothing. */
  private static <T> List<T> severalOrOne(
      JsonFields fields, String key, Function<JsonFields, T> reader) {
    return fields.json().path(key).isArray()
        ? fields.objects(key, reader)
        : fields.optional(key, reader).stream().toList();
  }

  private static Signals from(JsonFields fields) {
    return new Signals(
        fields.text("teacher"),
        fields.integer("version"),
        fields.text("fingerprint"),
        fields.has("dates") ? fields.texts("dates") : List.of());
  }

  private static Rows rows(JsonFields fields) {
    return new Rows(
        fields.whole("training"),
        fields.whole("validation"),
        fields.integer("views"),
        fields.whole("left_out"),
        fields.whole("orphans"));
  }
}
