package io.lakestill.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonMetaSchema;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.NonValidationKeyword;
import com.networknt.schema.SpecVersion;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The published schema of a kind, which knows no keys but its own: an API server drops others
 * without a word. Kubernetes' own kinds are described by the model that Spark's client carries, a
 * SparkApplication by the operator's custom resource definition.
 */
final class ManifestSchema {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String DEFINITIONS = "schema/validation-schema.json";
  private static final String APPLICATION = "sparkoperator.k8s.io/v1beta2 SparkApplication";
  private static final String APPLICATION_SCHEMA = "/kubernetes/sparkapplication-v1beta2.json";
  private static final Map<String, ManifestSchema> KNOWN = new ConcurrentHashMap<>();

  /** Of the keywords that are Kubernetes' own, or the model's, none says what is sound. */
  private static final JsonSchemaFactory VALIDATION =
      JsonSchemaFactory.getInstance(
          SpecVersion.VersionFlag.V7,
          factory ->
              factory.metaSchema(
                  JsonMetaSchema.builder(JsonMetaSchema.getV7())
                      .unknownKeywordFactory((name, context) -> new NonValidationKeyword(name))
                      .build()));

  /** What the model describes as the Java object it becomes, not as it is written. */
  private static final Map<String, String> WRITTEN =
      Map.of(
          "kubernetes_resource_Quantity", "{\"type\": [\"string\", \"number\"]}",
          "kubernetes_apimachinery_pkg_util_intstr_IntOrString",
              "{\"type\": [\"string\", \"integer\"]}",
          "kubernetes_apimachinery_pkg_apis_Time", "{\"type\": \"string\"}");

  private final JsonSchema schema;

  private ManifestSchema(ObjectNode schema) {
    close(schema);
    this.schema = VALIDATION.getSchema(schema);
  }

  /** Of what a document says it is. */
  static ManifestSchema of(JsonNode manifest) {
    String version = manifest.path("apiVersion").asText();
    String kind = manifest.path("kind").asText();
    return KNOWN.computeIfAbsent(
        version + " " + kind,
        name ->
            new ManifestSchema(
                name.equals(APPLICATION) ? application() : definition(version, kind)));
  }

  /** What is wrong with a document or part, by its place; nothing if it is sound. */
  List<String> faults(JsonNode manifest) {
    return schema.validate(manifest).stream().map(Object::toString).sorted().toList();
  }

  /** With Kubernetes' own model of those parts that the operator's definition leaves open. */
  private static ObjectNode application() {
    ObjectNode schema = read(ManifestSchema.class.getResource(APPLICATION_SCHEMA));
    ObjectNode pod = definition("v1", "Pod");
    schema.set("definitions", pod.get("definitions"));
    ((ObjectNode) schema.get("properties"))
        .set("metadata", reference("kubernetes_apimachinery_pkg_apis_ObjectMeta"));
    for (String role : List.of("driver", "executor")) {
      ((ObjectNode) schema.at("/properties/spec/properties/" + role + "/properties"))
          .set("template", reference("kubernetes_core_PodTemplateSpec"));
    }
    return schema;
  }

  private static ObjectNode definition(String version, String kind) {
    for (ObjectNode model : models()) {
      Iterator<Map.Entry<String, JsonNode>> definitions = model.get("definitions").fields();
      while (definitions.hasNext()) {
        Map.Entry<String, JsonNode> definition = definitions.next();
        JsonNode properties = definition.getValue().path("properties");
        if (properties.at("/apiVersion/default").asText().equals(version)
            && properties.at("/kind/default").asText().equals(kind)) {
          return pointing(model, definition.getKey());
        }
      }
    }
    throw new IllegalArgumentException("no schema of " + version + " " + kind);
  }

  private static ObjectNode pointing(ObjectNode model, String definition) {
    ObjectNode definitions = (ObjectNode) model.get("definitions");
    WRITTEN.forEach(
        (name, written) -> {
          if (definitions.has(name)) {
            definitions.set(name, parse(written));
          }
        });
    ObjectNode schema = reference(definition);
    schema.set("definitions", definitions);
    return schema;
  }

  private static ObjectNode reference(String definition) {
    return JSON.createObjectNode().put("$ref", "#/definitions/" + definition);
  }

  /** Refuses unknown keys wherever the known ones are listed. */
  private static void close(JsonNode schema) {
    if (schema instanceof ObjectNode object) {
      if (object.path("properties").isObject()
          && !object.path("x-kubernetes-preserve-unknown-fields").asBoolean()) {
        object.put("additionalProperties", false);
      }
      if (object.path("required").isBoolean()) {
        object.remove("required"); // As drafts before the fourth had it.
      }
    }
    schema.forEach(ManifestSchema::close);
  }

  private static List<ObjectNode> models() {
    try {
      List<ObjectNode> models = new ArrayList<>();
      ClassLoader loader = KubernetesClient.class.getClassLoader();
      for (URL model : Collections.list(loader.getResources(DEFINITIONS))) {
        models.add(read(model));
      }
      return models;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ObjectNode read(URL file) {
    try {
      return (ObjectNode) JSON.readTree(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static JsonNode parse(String json) {
    try {
      return JSON.readTree(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
