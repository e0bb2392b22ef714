package io.lakestill.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.student.StudentGraph;
import java.util.Optional;

/**
 * What a training left: the contract between {@code train} and {@code export}. Its JSON form is
 * {@code checkpoint-manifest.v1.schema.json}.
 *
 * @param role {@code teacher}, {@code student} or {@code scratch}
 * @param seed of the first weights and of the order of the rows
 * @param graph the trained model
 * @param parameters where its numbers are
 * @param bestEpoch the epoch they are from
 * @param history every epoch
 * @param rows what it was trained on
 * @param signals the signals it learned from; empty without a teacher
 * @param fingerprint SHA-256 over everything the training depends on
 * @param engine what ran it, such as {@code bigdl 2.5.0 mklblas, 1 x 2 cores}
 * @param codeVersion the Lakestill that wrote it
 * @param created when it was written, ISO 8601 in UTC
 */
public record CheckpointManifest(
    String role,
    int seed,
    StudentGraph graph,
    ParameterFile parameters,
    int bestEpoch,
    TrainingHistory history,
    Rows rows,
    Optional<Signals> signals,
    String fingerprint,
    String engine,
    String codeVersion,
    String created) {
  public static final int FORMAT_VERSION = 1;

  /**
   * The file of the best epoch's numbers.
   *
   * @param file its name in the checkpoint's folder; safetensors
   * @param bytes its size
   * @param sha256 of its bytes
   */
  public record ParameterFile(String file, long bytes, String sha256) {
    public ParameterFile {
      if (!file.matches("[0-9A-Za-z_.-]+")) {
        throw new IllegalArgumentException("file must be a plain file name, is '" + file + "'");
      }
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
   * The version of the signal table.
   *
   * @param teacher the teacher's id
   * @param version of its table
   * @param fingerprint of that version
   */
  public record Signals(String teacher, int version, String fingerprint) {}

  public CheckpointManifest {
    if (bestEpoch < 1 || bestEpoch > history.epochs().size()) {
      throw new IllegalArgumentException(
          "bestEpoch must be one of %d epochs, is %d"
              .formatted(history.epochs().size(), bestEpoch));
    }
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
    json.putObject("parameters")
        .put("file", parameters.file())
        .put("bytes", parameters.bytes())
        .put("sha256", parameters.sha256());
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
    signals.ifPresent(
        from ->
            json.putObject("signals")
                .put("teacher", from.teacher())
                .put("version", from.version())
                .put("fingerprint", from.fingerprint()));
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
        fields.object(
            "parameters",
            from -> new ParameterFile(from.text("file"), from.whole("bytes"), from.text("sha256"))),
        fields.integer("best_epoch"),
        TrainingHistory.fromJson(fields, "history"),
        fields.object("rows", CheckpointManifest::rows),
        fields.optional(
            "signals",
            from ->
                new Signals(
                    from.text("teacher"), from.integer("version"), from.text("fingerprint"))),
        fields.text("fingerprint"),
        fields.text("engine"),
        fields.text("code_version"),
        fields.text("created"));
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
