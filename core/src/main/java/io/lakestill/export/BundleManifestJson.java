package io.lakestill.export;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.export.BundleProvenance.SignalTableVersion;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.recipe.ModelRole;
import io.lakestill.student.Shape;
import io.lakestill.student.StudentGraph;
import io.lakestill.train.TrainingEnvironment;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** The JSON of a {@link BundleManifest}. */
final class BundleManifestJson {
  private BundleManifestJson() {}

  static ObjectNode write(BundleManifest manifest) {
    BundleProvenance provenance = manifest.provenance();
    ObjectNode json =
        Json.object()
            .put("format_version", BundleManifest.FORMAT_VERSION)
            .put("created", provenance.created().toString())
            .put("code_version", provenance.codeVersion())
            .put("fingerprint", provenance.fingerprint())
            .put("role", manifest.role().written())
            .put("model", manifest.role().modelFile())
            .put("opset", manifest.opset())
            .put("largest_logit_difference", manifest.largestLogitDifference())
            .put("parameters", manifest.graph().trainableParameters());
    manifest.classes().forEach(json.putArray("classes")::add);
    json.set("features", FeaturesJson.write(manifest.features()));
    ObjectNode outputs = json.putObject("outputs");
    manifest.graph().outputs().keySet().forEach(name -> outputs.set(name, shape(manifest, name)));
    json.put("seed", provenance.seed()).put("best_epoch", provenance.bestEpoch());
    provenance.environment().ifPresent(where -> json.set("environment", where.toJson()));
    writeSignals(provenance.signalTables(), json);
    ArrayNode files = json.putArray("files");
    for (BundleFile file : manifest.files()) {
      files
          .addObject()
          .put("name", file.name())
          .put("bytes", file.bytes())
          .put("sha256", file.sha256());
    }
    json.set("graph", manifest.graph().toJson());
    return json.put("recipe", provenance.recipe());
  }

  /** {@code signal_table}; with several teachers {@code signal_tables}, a list. */
  private static void writeSignals(List<SignalTableVersion> tables, ObjectNode json) {
    if (tables.size() == 1) {
      json.set("signal_table", written(tables.get(0)));
    } else if (!tables.isEmpty()) {
      ArrayNode list = json.putArray("signal_tables");
      tables.forEach(table -> list.add(written(table)));
    }
  }

  private static ObjectNode written(SignalTableVersion table) {
    ObjectNode json =
        Json.object()
            .put("path", table.path())
            .put("version", table.version())
            .put("fingerprint", table.fingerprint());
    if (!table.dates().isEmpty()) {
      table.dates().forEach(json.putArray("dates")::add);
    }
    table.unused().ifPresent(count -> json.put("unused", count));
    return json;
  }

  private static ArrayNode shape(BundleManifest manifest, String output) {
    ArrayNode sizes = Json.object().putArray("shape");
    manifest.graph().outputShape(output).sizes().forEach(sizes::add);
    return sizes;
  }

  static BundleManifest read(JsonNode json, String origin) {
    JsonFields fields = JsonFields.of(json, origin);
    fields.requireFormat(BundleManifest.FORMAT_VERSION);
    StudentGraph graph = fields.object("graph", StudentGraph::fromJson);
    checkDerived(fields, graph);
    return fields.build(
        () ->
            new BundleManifest(
                fields.choice("role", ModelRole.class),
                fields.texts("classes"),
                fields.object("features", FeaturesJson::read),
                graph,
                fields.integer("opset"),
                fields.number("largest_logit_difference"),
                provenance(fields),
                fields.objects("files", BundleManifestJson::file)));
  }

  private static BundleProvenance provenance(JsonFields fields) {
    return new BundleProvenance(
        fields.text("recipe"),
        fields.has("signal_tables")
            ? fields.objects("signal_tables", BundleManifestJson::signalTable)
            : fields.optional("signal_table", BundleManifestJson::signalTable).stream().toList(),
        fields.whole("seed"),
        fields.integer("best_epoch"),
        fields.optional("environment", TrainingEnvironment::fromJson),
        fields.text("fingerprint"),
        fields.text("code_version"),
        fields.instant("created"));
  }

  private static SignalTableVersion signalTable(JsonFields fields) {
    return new SignalTableVersion(
        fields.text("path"),
        fields.whole("version"),
        fields.text("fingerprint"),
        fields.has("dates") ? fields.texts("dates") : List.of(),
        fields.has("unused") ? OptionalLong.of(fields.whole("unused")) : OptionalLong.empty());
  }

  private static BundleFile file(JsonFields fields) {
    return new BundleFile(fields.text("name"), fields.whole("bytes"), fields.text("sha256"));
  }

  /** What is written for readers without Lakestill must say what the graph says. */
  private static void checkDerived(JsonFields fields, StudentGraph graph) {
    long parameters = fields.whole("parameters");
    if (parameters != graph.trainableParameters()) {
      throw fields.refused("parameters", graph.trainableParameters() + ", as its graph has");
    }
    JsonFields outputs = fields.object("outputs");
    for (Map.Entry<String, String> output : graph.outputs().entrySet()) {
      Shape shape = graph.shapeOf(output.getValue());
      if (!outputs.integers(output.getKey()).equals(shape.sizes())) {
        throw outputs.refused(output.getKey(), shape + ", as its graph gives");
      }
    }
  }
}
