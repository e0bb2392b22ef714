package io.lakestill.export;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Json;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The typed fields of one JSON object of a manifest; a field that is missing or of another type is
 * refused (exit 3).
 *
 * @param json the object
 * @param origin where it comes from, for messages
 */
record ManifestFields(JsonNode json, String origin) {

  boolean has(String field) {
    return json.hasNonNull(field);
  }

  String text(String field) {
    return checked(field, JsonNode::isTextual, "a text").textValue();
  }

  double number(String field) {
    return checked(field, JsonNode::isNumber, "a number").doubleValue();
  }

  long whole(String field) {
    return checked(field, ManifestFields::isLong, "a whole number").longValue();
  }

  int integer(String field) {
    return checked(field, ManifestFields::isInt, "a whole number").intValue();
  }

  private static boolean isLong(JsonNode node) {
    return node.isIntegralNumber() && node.canConvertToLong();
  }

  private static boolean isInt(JsonNode node) {
    return node.isIntegralNumber() && node.canConvertToInt();
  }

  Instant instant(String field) {
    try {
      return Instant.parse(text(field));
    } catch (DateTimeException e) {
      throw refused(field, "a time such as 2026-01-31T12:00:00Z");
    }
  }

  <E extends Enum<E>> E choice(String field, Class<E> type) {
    String text = text(field);
    for (E constant : type.getEnumConstants()) {
      if (written(constant).equals(text)) {
        return constant;
      }
    }
    throw refused(
        field,
        Arrays.stream(type.getEnumConstants())
            .map(ManifestFields::written)
            .collect(Collectors.joining(" or ")));
  }

  static String written(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  ManifestFields object(String field) {
    return new ManifestFields(checked(field, JsonNode::isObject, "an object"), origin);
  }

  List<ManifestFields> objects(String field) {
    return elements(field, JsonNode::isObject, "a list of objects").stream()
        .map(element -> new ManifestFields(element, origin))
        .toList();
  }

  List<String> texts(String field) {
    return elements(field, JsonNode::isTextual, "a list of texts").stream()
        .map(JsonNode::textValue)
        .toList();
  }

  List<Double> numbers(String field) {
    return elements(field, JsonNode::isNumber, "a list of numbers").stream()
        .map(JsonNode::doubleValue)
        .toList();
  }

  List<Integer> integers(String field) {
    return elements(field, ManifestFields::isInt, "a list of whole numbers").stream()
        .map(JsonNode::intValue)
        .toList();
  }

  private List<JsonNode> elements(String field, Predicate<JsonNode> type, String wanted) {
    List<JsonNode> elements = new ArrayList<>();
    checked(field, JsonNode::isArray, wanted).forEach(elements::add);
    if (!elements.stream().allMatch(type)) {
      throw refused(field, wanted);
    }
    return elements;
  }

  private JsonNode checked(String field, Predicate<JsonNode> type, String wanted) {
    JsonNode value = Json.required(json, field, origin);
    if (!type.test(value)) {
      throw refused(field, wanted);
    }
    return value;
  }

  LakestillException refused(String field, String wanted) {
    String shown = json.path(field).toString();
    return Errors.badInput(
        "'%s': field '%s' must be %s, is %s; it was changed by hand or is damaged."
            .formatted(
                origin,
                field,
                wanted,
                shown.length() <= 60 ? shown : shown.substring(0, 60) + "..."));
  }
}
