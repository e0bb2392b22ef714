package io.lakestill.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The part of JSON Schema 2020-12 that Lakestill's schemas use; any other keyword is an error, so
 * that no rule of a schema goes unchecked.
 */
final class SchemaCheck {
  private static final Set<String> KNOWN =
      Set.of(
          "$schema",
          "$id",
          "$defs",
          "$ref",
          "title",
          "description",
          "type",
          "const",
          "enum",
          "properties",
          "required",
          "additionalProperties",
          "items",
          "minItems",
          "minimum",
          "maximum",
          "pattern");

  private final JsonNode root;
  private final List<String> faults = new ArrayList<>();

  private SchemaCheck(JsonNode root) {
    this.root = root;
  }

  /** Every way in which the value breaks the schema; empty when it conforms. */
  static List<String> faults(JsonNode schema, JsonNode value) {
    SchemaCheck check = new SchemaCheck(schema);
    check.check(schema, value, "$");
    return check.faults;
  }

  private void check(JsonNode schema, JsonNode value, String path) {
    schema
        .fieldNames()
        .forEachRemaining(
            keyword -> {
              if (!KNOWN.contains(keyword)) {
                throw new IllegalArgumentException("unknown keyword " + keyword + " at " + path);
              }
            });
    if (schema.has("$ref")) {
      check(root.at(schema.get("$ref").textValue().substring(1)), value, path);
    }
    require(!schema.has("type") || isOf(schema.get("type").textValue(), value), path, "type");
    require(!schema.has("const") || schema.get("const").equals(value), path, "const");
    require(!schema.has("enum") || contains(schema.get("enum"), value), path, "enum");
    require(
        !schema.has("minimum") || value.doubleValue() >= schema.get("minimum").doubleValue(),
        path,
        "minimum");
    require(
        !schema.has("maximum") || value.doubleValue() <= schema.get("maximum").doubleValue(),
        path,
        "maximum");
    require(
        !schema.has("pattern") || value.asText().matches(schema.get("pattern").textValue()),
        path,
        "pattern");
    require(
        !schema.has("minItems") || value.size() >= schema.get("minItems").intValue(),
        path,
        "minItems");
    checkObject(schema, value, path);
    for (int i = 0; schema.has("items") && i < value.size(); i++) {
      check(schema.get("items"), value.get(i), path + "[" + i + "]");
    }
  }

  private void checkObject(JsonNode schema, JsonNode value, String path) {
    schema
        .path("required")
        .forEach(
            key -> require(value.has(key.textValue()), path + "." + key.textValue(), "required"));
    if (!schema.has("properties")) {
      return;
    }
    for (Map.Entry<String, JsonNode> field : value.properties()) {
      JsonNode property = schema.get("properties").get(field.getKey());
      String child = path + "." + field.getKey();
      if (property != null) {
        check(property, field.getValue(), child);
      } else {
        require(schema.path("additionalProperties").asBoolean(true), child, "additionalProperties");
      }
    }
  }

  private void require(boolean holds, String path, String keyword) {
    if (!holds) {
      faults.add(path + " breaks " + keyword);
    }
  }

  private static boolean contains(JsonNode list, JsonNode value) {
    for (JsonNode element : list) {
      if (element.equals(value)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isOf(String type, JsonNode value) {
    return switch (type) {
      case "object" -> value.isObject();
      case "array" -> value.isArray();
      case "string" -> value.isTextual();
      case "boolean" -> value.isBoolean();
      case "integer" -> value.isIntegralNumber();
      case "number" -> value.isNumber();
      default -> throw new IllegalArgumentException("unknown type " + type);
    };
  }
}
