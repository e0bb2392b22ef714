package io.lakestill;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The part of JSON Schema 2020-12 that Lakestill's schemas use; any other keyword is an error, so
 * that no rule of a schema goes unchecked.
 */
public final class SchemaCheck {
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
          "exclusiveMinimum",
          "exclusiveMaximum",
          "format",
          "pattern");

  private final JsonNode root;
  private final boolean closed;
  private final List<String> faults = new ArrayList<>();

  private SchemaCheck(JsonNode root, boolean closed) {
    this.root = root;
    this.closed = closed;
  }

  /** Every way in which the value breaks the schema; empty when it conforms. */
  public static List<String> faults(JsonNode schema, JsonNode value) {
    return new SchemaCheck(schema, false).all(value);
  }

  /**
   * The same for what Lakestill wrote: a field of an object whose fields are described must be
   * described too, even where the schema lets readers meet others.
   */
  public static List<String> faultsOfWriter(JsonNode schema, JsonNode value) {
    return new SchemaCheck(schema, true).all(value);
  }

  private List<String> all(JsonNode value) {
    check(root, value, "$");
    return faults;
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
        !schema.has("exclusiveMinimum")
            || value.doubleValue() > schema.get("exclusiveMinimum").doubleValue(),
        path,
        "exclusiveMinimum");
    require(
        !schema.has("exclusiveMaximum")
            || value.doubleValue() < schema.get("exclusiveMaximum").doubleValue(),
        path,
        "exclusiveMaximum");
    require(
        !schema.has("format") || isOfFormat(schema.get("format").textValue(), value),
        path,
        "format");
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
    JsonNode properties = schema.path("properties");
    JsonNode others = schema.path("additionalProperties");
    for (Map.Entry<String, JsonNode> field : value.properties()) {
      JsonNode property = properties.path(field.getKey());
      String child = path + "." + field.getKey();
      if (property.isObject()) {
        check(property, field.getValue(), child);
      } else if (others.isObject()) {
        check(others, field.getValue(), child);
      } else {
        require(
            others.asBoolean(!closed || properties.isMissingNode()), child, "additionalProperties");
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

  private static boolean isOfFormat(String format, JsonNode value) {
    if (!format.equals("date-time")) {
      throw new IllegalArgumentException("unknown format " + format);
    }
    try {
      Instant.parse(value.asText());
      return true;
    } catch (DateTimeParseException e) {
      return false;
    }
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
