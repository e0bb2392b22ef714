package io.lakestill.export;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How a student came into a catalogue; its JSON form is {@code model-version.v1.schema.json}. What
 * it is, and what it learned from, its bundle says.
 *
 * @param version of the model, from 1
 * @param created when it was promoted
 * @param runId the run that promoted it
 * @param codeVersion the Lakestill that did
 * @param recipe the recipe's name
 * @param source the folder of the bundle it was copied from
 * @param testRows what it was measured on
 * @param accuracy of {@code student}, and of {@code teacher} and {@code scratch} where there are
 *     such, in [0, 1]
 * @param gates the conditions that it held; none when the recipe has none
 */
public record ModelVersion(
    int version,
    Instant created,
    String runId,
    String codeVersion,
    String recipe,
    String source,
    long testRows,
    Map<String, Double> accuracy,
    List<String> gates) {
  public static final int FORMAT_VERSION = 1;

  public ModelVersion {
    accuracy = Map.copyOf(accuracy);
    gates = List.copyOf(gates);
    if (version < 1) {
      throw new IllegalArgumentException("version must be at least 1, is " + version);
    }
    if (!accuracy.containsKey("student")) {
      throw new IllegalArgumentException("the student's accuracy is missing");
    }
  }

  public ObjectNode toJson() {
    ObjectNode json =
        Json.object()
            .put("format_version", FORMAT_VERSION)
            .put("version", version)
            .put("created", created.toString())
            .put("run_id", runId)
            .put("code_version", codeVersion)
            .put("recipe", recipe)
            .put("source", source)
            .put("test_rows", testRows);
    ObjectNode measured = json.putObject("accuracy");
    new TreeMap<>(accuracy).forEach(measured::put);
    ArrayNode held = json.putArray("gates");
    gates.forEach(held::add);
    return json;
  }

  /**
   * @param origin where the JSON comes from, for messages
   * @throws io.lakestill.error.LakestillException (exit 3) when a field is missing or wrong, or a
   *     later Lakestill wrote it
   */
  public static ModelVersion fromJson(ObjectNode json, String origin) {
    JsonFields fields = JsonFields.of(json, origin);
    fields.requireFormat(FORMAT_VERSION);
    return fields.build(() -> read(fields));
  }

  private static ModelVersion read(JsonFields fields) {
    JsonFields measured = fields.object("accuracy");
    Map<String, Double> accuracy = new TreeMap<>();
    measured.keys().forEach(role -> accuracy.put(role, measured.number(role)));
    return new ModelVersion(
        fields.integer("version"),
        fields.instant("created"),
        fields.text("run_id"),
        fields.text("code_version"),
        fields.text("recipe"),
        fields.text("source"),
        fields.whole("test_rows"),
        accuracy,
        fields.texts("gates"));
  }
}
