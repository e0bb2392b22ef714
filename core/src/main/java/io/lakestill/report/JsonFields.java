package io.lakestill.report;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Json;
import io.lakestill.recipe.ModelRole;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * One JSON object of a scorecard, read field by field; a missing field or one of another type is
 * refused with its path (exit 3).
 *
 * @param node the object
 * @param path where it stands in the file, empty for the whole, else ending in a dot
 * @param origin the file, for messages
 */
record JsonFields(JsonNode node, String path, String origin) {

  boolean has(String key) {
    return node.hasNonNull(key);
  }

  double number(String key) {
    JsonNode value = required(key);
    if (!value.isNumber()) {
      throw wrong(key, "a number");
    }
    return value.doubleValue();
  }

  long whole(String key) {
    JsonNode value = required(key);
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw wrong(key, "a whole number");
    }
    return value.longValue();
  }

  int small(String key) {
    if (!required(key).canConvertToInt()) {
      throw wrong(key, "a whole number below 2^31");
    }
    return Math.toIntExact(whole(key));
  }

  String text(String key) {
    JsonNode value = required(key);
    if (!value.isTextual()) {
      throw wrong(key, "a text");
    }
    return value.textValue();
  }

  boolean flag(String key) {
    JsonNode value = required(key);
    if (!value.isBoolean()) {
      throw wrong(key, "true or false");
    }
    return value.booleanValue();
  }

  JsonFields object(String key) {
    JsonNode value = required(key);
    if (!value.isObject()) {
      throw wrong(key, "an object");
    }
    return new JsonFields(value, path + key + ".", origin);
  }

  <T> Optional<T> optional(String key, Function<JsonFields, T> reader) {
    return has(key) ? Optional.of(reader.apply(object(key))) : Optional.empty();
  }

  <T> List<T> objects(String key, Function<JsonFields, T> reader) {
    List<T> read = new ArrayList<>();
    for (JsonNode element : list(key)) {
      if (!element.isObject()) {
        throw wrong(key, "a list of objects");
      }
      read.add(reader.apply(new JsonFields(element, path + key + "." + read.size() + ".", origin)));
    }
    return read;
  }

  JsonNode list(String key) {
    JsonNode value = required(key);
    if (!value.isArray()) {
      throw wrong(key, "a list");
    }
    return value;
  }

  LakestillException wrong(String key, String wanted) {
    return Errors.badInput(
        "'%s': field '%s%s' must be %s, is %s; the file was changed by hand or is damaged: rerun evaluate."
            .formatted(origin, path, key, wanted, shortened(node.path(key).toString())));
  }

  private JsonNode required(String key) {
    return Json.required(node, key, path.isEmpty() ? origin : origin + "', at '" + path);
  }

  private static String shortened(String text) {
    return text.length() <= 60 ? text : text.substring(0, 60) + "...";
  }

  /** One of the roles, as written. */
  ModelRole role(String key) {
    String text = text(key);
    return Arrays.stream(ModelRole.values())
        .filter(role -> role.written().equals(text))
        .findFirst()
        .orElseThrow(() -> wrong(key, "teacher, student or scratch"));
  }
}
