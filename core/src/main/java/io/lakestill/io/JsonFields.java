package io.lakestill.io;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * One JSON object of a contract, read field by field. A field that is missing, of another type or
 * of a value that cannot be is refused (exit 3) with the file and its place there, such as {@code
 * graph.layers[1].width}; fields nobody asks for are passed over.
 */
public final class JsonFields {
  private static final String ADVICE = "restore it or write it again.";
  private static final int LONGEST_SHOWN = 60;

  private final ObjectNode json;
  private final String origin;

  /** Where the object stands, without a dot at the end; empty for the whole. */
  private final String path;

  private JsonFields(ObjectNode json, String origin, String path) {
    this.json = json;
    this.origin = origin;
    this.path = path;
  }

  /**
   * @param json the object
   * @param origin where it comes from, for messages
   * @throws LakestillException (exit 3) when it is not an object
   */
  public static JsonFields of(JsonNode json, String origin) {
    if (json instanceof ObjectNode object) {
      return new JsonFields(object, origin, "");
    }
    throw Json.noObject(origin);
  }

  /**
   * Reads {@code format_version}.
   *
   * @param latest the newest version this Lakestill knows
   * @throws LakestillException (exit 3) when it is none of {@code 1..latest}
   */
  public void requireFormat(int latest) {
    long version = whole("format_version");
    if (version < 1 || version > latest) {
      throw Errors.badInput(
          "'%s' has format version %d, this Lakestill reads up to %d; use the version that wrote it, or write it again."
              .formatted(origin, version, latest));
    }
  }

  /** True when the field is there and not null. */
  public boolean has(String key) {
    return json.hasNonNull(key);
  }

  /** The names of the fields, in the order of the file. */
  public List<String> keys() {
    List<String> keys = new ArrayList<>();
    json.fieldNames().forEachRemaining(keys::add);
    return keys;
  }

  public String text(String key) {
    return checked(key, JsonNode::isTextual, "a text").textValue();
  }

  public Optional<String> optionalText(String key) {
    return has(key) ? Optional.of(text(key)) : Optional.empty();
  }

  public double number(String key) {
    return checked(key, JsonNode::isNumber, "a number").doubleValue();
  }

  public Optional<Double> optionalNumber(String key) {
    return has(key) ? Optional.of(number(key)) : Optional.empty();
  }

  public long whole(String key) {
    return checked(key, JsonFields::isLong, "a whole number").longValue();
  }

  public int integer(String key) {
    return checked(key, JsonFields::isInt, "a whole number below 2^31").intValue();
  }

  private static boolean isLong(JsonNode node) {
    return node.isIntegralNumber() && node.canConvertToLong();
  }

  private static boolean isInt(JsonNode node) {
    return node.isIntegralNumber() && node.canConvertToInt();
  }

  public boolean flag(String key) {
    return checked(key, JsonNode::isBoolean, "true or false").booleanValue();
  }

  /** A time, ISO 8601 in UTC. */
  public Instant instant(String key) {
    try {
      return Instant.parse(text(key));
    } catch (DateTimeException e) {
      throw refused(key, "a time such as 2026-01-31T12:00:00Z");
    }
  }

  /** One of the constants of an enum, written as {@link EnumText} writes it. */
  public <E extends Enum<E>> E choice(String key, Class<E> type) {
    return EnumText.find(type, text(key))
        .orElseThrow(() -> refused(key, "one of " + EnumText.all(type)));
  }

  public JsonFields object(String key) {
    JsonNode value = checked(key, JsonNode::isObject, "an object");
    return new JsonFields((ObjectNode) value, origin, place(key));
  }

  /** What the reader makes of an inner object; made as by {@link #build}. */
  public <T> T object(String key, Function<JsonFields, T> reader) {
    return object(key).read(reader);
  }

  public <T> Optional<T> optional(String key, Function<JsonFields, T> reader) {
    return has(key) ? Optional.of(object(key, reader)) : Optional.empty();
  }

  public <T> List<T> objects(String key, Function<JsonFields, T> reader) {
    List<T> read = new ArrayList<>();
    for (JsonNode element : elements(key, JsonNode::isObject, "a list of objects")) {
      String place = place(key) + "[" + read.size() + "]";
      read.add(new JsonFields((ObjectNode) element, origin, place).read(reader));
    }
    return read;
  }

  public List<String> texts(String key) {
    return elements(key, JsonNode::isTextual, "a list of texts").stream()
        .map(JsonNode::textValue)
        .toList();
  }

  public List<Double> numbers(String key) {
    return elements(key, JsonNode::isNumber, "a list of numbers").stream()
        .map(JsonNode::doubleValue)
        .toList();
  }

  public List<Integer> integers(String key) {
    return elements(key, JsonFields::isInt, "a list of whole numbers").stream()
        .map(JsonNode::intValue)
        .toList();
  }

  private <T> T read(Function<JsonFields, T> reader) {
    return build(() -> reader.apply(this));
  }

  /** A list whose elements the caller checks. */
  public ArrayNode list(String key) {
    return (ArrayNode) checked(key, JsonNode::isArray, "a list");
  }

  private List<JsonNode> elements(String key, Predicate<JsonNode> type, String wanted) {
    List<JsonNode> elements = new ArrayList<>();
    checked(key, JsonNode::isArray, wanted).forEach(elements::add);
    if (!elements.stream().allMatch(type)) {
      throw refused(key, wanted);
    }
    return elements;
  }

  private JsonNode checked(String key, Predicate<JsonNode> type, String wanted) {
    if (!has(key)) {
      throw Errors.badInput(
          "'%s' has no field '%s'; it was not written by Lakestill or is damaged: %s"
              .formatted(origin, place(key), ADVICE));
    }
    JsonNode value = json.get(key);
    if (!type.test(value)) {
      throw refused(key, wanted);
    }
    return value;
  }

  /**
   * Makes the record of this object.
   *
   * @throws LakestillException (exit 3) in place of an {@link IllegalArgumentException} of its
   *     constructor
   */
  public <T> T build(Supplier<T> maker) {
    try {
      return maker.get();
    } catch (IllegalArgumentException e) {
      String where = path.isEmpty() ? "" : ": '" + path + "'";
      String reason = String.valueOf(e.getMessage()).replaceFirst("\\.$", "");
      throw Errors.badInput(
          "'%s'%s is not sound: %s; %s".formatted(origin, where, reason, ADVICE), e);
    }
  }

  /** The exception for a field whose value the caller does not accept. */
  public LakestillException refused(String key, String wanted) {
    String shown = json.path(key).toString();
    return Errors.badInput(
        "'%s': field '%s' must be %s, is %s; it was not written by Lakestill or is damaged: %s"
            .formatted(origin, place(key), wanted, shortened(shown), ADVICE));
  }

  private static String shortened(String text) {
    return text.length() <= LONGEST_SHOWN ? text : text.substring(0, LONGEST_SHOWN) + "...";
  }

  private String place(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  /** The object itself. */
  public ObjectNode json() {
    return json;
  }
}
