package io.lakestill.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.Errors;
import io.lakestill.io.EnumText;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.io.Sha256;
import io.lakestill.recipe.TrainingEngine;
import io.lakestill.train.CheckpointManifest.ParameterFile;
import io.lakestill.train.TrainingEnvironment.Leg;
import java.util.List;

/**
 * A state from which a training can go on. Its JSON form carries a hash of itself.
 *
 * @param fingerprint of the training
 * @param engine that computed it, and goes on
 * @param legs the shapes it ran on so far; states of versions that did not keep them have one
 * @param position in the training
 * @param history of the epochs that had ended
 * @param state weights, running statistics, moments, moving average and the best epoch's weights
 * @param memory what losses remember, a file of each worker
 * @param created when it was written, ISO 8601 in UTC
 */
public record ResumeManifest(
    String fingerprint,
    TrainingEngine engine,
    List<Leg> legs,
    Position position,
    TrainingHistory history,
    ParameterFile state,
    List<ParameterFile> memory,
    String created) {
  private static final int FORMAT_VERSION = 1;

  /**
   * How far it is.
   *
   * @param step the last that changed the weights
   * @param open what the epoch that had begun gave
   */
  public record Position(int step, EpochBook.Open open) {}

  public ResumeManifest {
    legs = List.copyOf(legs);
    if (legs.isEmpty()) {
      throw new IllegalArgumentException("a state needs the shape that it ran on");
    }
    memory = List.copyOf(memory);
  }

  /** The shape that it ran on last. */
  public Leg shape() {
    return legs.get(legs.size() - 1);
  }

  public ObjectNode toJson() {
    ObjectNode json =
        Json.object()
            .put("format_version", FORMAT_VERSION)
            .put("created", created)
            .put("fingerprint", fingerprint)
            .put("engine", EnumText.of(engine))
            .put("nodes", shape().nodes())
            .put("cores", shape().cores())
            .put("step", position.step());
    ObjectNode open = json.putObject("epoch");
    open.put("steps", position.open().steps()).put("loss_sum", position.open().lossSum());
    ArrayNode terms = open.putArray("terms");
    position.open().terms().forEach(terms::add);
    ArrayNode shapes = json.putArray("legs");
    legs.forEach(leg -> shapes.add(leg.toJson()));
    json.set("state", state.toJson());
    ArrayNode files = json.putArray("memory");
    memory.forEach(file -> files.add(file.toJson()));
    json.set("history", history.toJson());
    return json.put("sha256", hash(json));
  }

  private static String hash(ObjectNode withoutHash) {
    return Sha256.of(Json.line(withoutHash));
  }

  /**
   * @param origin where the tree comes from, for messages
   * @throws io.lakestill.error.LakestillException (exit 3) when it is damaged or of a newer format
   */
  public static ResumeManifest fromJson(JsonNode json, String origin) {
    JsonFields fields = JsonFields.of(json, origin);
    fields.requireFormat(FORMAT_VERSION);
    ObjectNode rest = ((ObjectNode) json).deepCopy();
    rest.remove("sha256");
    if (!hash(rest).equals(fields.text("sha256"))) {
      throw Errors.badInput("'%s' is damaged: it is not what its SHA-256 says.".formatted(origin));
    }
    return fields.build(() -> read(fields));
  }

  private static ResumeManifest read(JsonFields fields) {
    JsonFields open = fields.object("epoch");
    return new ResumeManifest(
        fields.text("fingerprint"),
        fields.choice("engine", TrainingEngine.class),
        fields.has("legs")
            ? fields.objects("legs", Leg::fromJson)
            : List.of(new Leg(0, fields.integer("nodes"), fields.integer("cores"))),
        new Position(
            fields.integer("step"),
            new EpochBook.Open(
                open.number("loss_sum"), open.integer("steps"), open.numbers("terms"))),
        TrainingHistory.fromJson(fields, "history"),
        fields.object("state", ParameterFile::fromJson),
        fields.objects("memory", ParameterFile::fromJson),
        fields.text("created"));
  }
}
