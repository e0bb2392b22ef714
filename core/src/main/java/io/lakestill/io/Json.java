package io.lakestill.io;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;

/**
 * JSON trees; every contract writes and reads its own by hand, on top of these and {@link
 * JsonFields}.
 */
public final class Json {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Json() {}

  public static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /** Indented, for files people open. */
  public static String pretty(JsonNode node) {
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(node) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A JSON tree could not be written", e);
    }
  }

  /** On one line, for logs and standard output. */
  public static String line(JsonNode node) {
    return node.toString();
  }

  /**
   * @param text the JSON text
   * @param origin where it comes from, for the message
   * @throws LakestillException (exit 3) when it is not a JSON object
   */
  public static ObjectNode parse(String text, String origin) {
    try {
      if (MAPPER.readTree(text) instanceof ObjectNode object) {
        return object;
      }
    } catch (JsonProcessingException e) {
      throw Errors.badInput("'" + origin + "' is not JSON: " + e.getOriginalMessage(), e);
    }
    throw noObject(origin);
  }

  static LakestillException noObject(String origin) {
    return Errors.badInput("'" + origin + "' does not hold a JSON object.");
  }
}
