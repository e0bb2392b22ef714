package io.lakestill.signal;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import io.lakestill.io.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * The typed fields of one JSON object of a contract.
 *
 * @param json the object
 * @param origin where it comes from, for messages
 */
record Fields(JsonNode json, String origin) {

  String text(String field) {
    JsonNode value = Json.required(json, field, origin);
    if (!value.isTextual()) {
      throw refused(field, "a text");
    }
    return value.textValue();
  }

  Optional<String> optionalText(String field) {
    return json.hasNonNull(field) ? Optional.of(text(field)) : Optional.empty();
  }

  long whole(String field) {
    JsonNode value = Json.required(json, field, origin);
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw refused(field, "a whole number");
    }
    return value.longValue();
  }

  int integer(String field) {
    return Math.toIntExact(whole(field));
  }

  Fields object(String field) {
    JsonNode value = Json.required(json, field, origin);
    if (!value.isObject()) {
      throw refused(field, "an object");
    }
    return new Fields(value, origin);
  }

  <T> List<T> list(String field, Function<JsonNode, T> element) {
    JsonNode value = Json.required(json, field, origin);
    if (!value.isArray()) {
      throw refused(field, "a list");
    }
    List<T> elements = new ArrayList<>();
    value.forEach(node -> elements.add(element.apply(node)));
    return List.copyOf(elements);
  }

  private LakestillException refused(String field, String expected) {
    return Errors.badInput(
        "'%s': field '%s' must be %s, is %s; it was not written by Lakestill or is damaged."
            .formatted(origin, field, expected, json.get(field)));
  }
}
