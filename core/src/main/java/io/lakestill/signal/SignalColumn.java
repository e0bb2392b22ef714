package io.lakestill.signal;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.signal.codec.Codec;
import io.lakestill.signal.codec.Dense32;
import io.lakestill.signal.projection.Projection;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;

/**
 * A column of signals.
 *
 * @param name such as {@code logits}, {@code embedding} or {@code map_<layer>}
 * @param shape of one row's values, row-major, without the batch axis: {@code [10]} for logits,
 *     {@code [channels, height, width]} for a map, {@code [to]} for what was projected
 * @param codec how it is stored
 * @param projection how it was narrowed before that; empty when it is as the teacher said it
 */
public record SignalColumn(
    String name, List<Integer> shape, Codec codec, Optional<Projection> projection)
    implements Serializable {
  private static final long serialVersionUID = 1L;

  /** The column every signal table has: the raw scores of the classes, never softened. */
  public static final String LOGITS = "logits";

  public SignalColumn {
    shape = List.copyOf(shape);
    if (!name.matches("[a-z][0-9A-Za-z_]*")) {
      throw new IllegalArgumentException(
          "a signal is named by letters, digits and '_', is '" + name + "'");
    }
    if (shape.isEmpty() || shape.stream().anyMatch(size -> size < 1)) {
      throw new IllegalArgumentException(name + " must have at least 1 value, is of " + shape);
    }
    if (projection.isPresent()
        && (name.equals(LOGITS) || shape.size() != 1 || shape.get(0) >= projection.get().width())) {
      throw new IllegalArgumentException(
          "%s of %s cannot be projected to %s".formatted(name, projection.get().from(), shape));
    }
  }

  /** A signal that is stored as the teacher said it. */
  public SignalColumn(String name, List<Integer> shape, Codec codec) {
    this(name, shape, codec, Optional.empty());
  }

  /** A signal that is stored as it comes. */
  public SignalColumn(String name, List<Integer> shape) {
    this(name, shape, new Dense32());
  }

  /** A flat signal of so many values, stored as they come. */
  public SignalColumn(String name, int width) {
    this(name, List.of(width));
  }

  /** Values per row. */
  public int width() {
    int width = 1; // Asked for every row that is written: no stream.
    for (int size : shape) {
      width = Math.multiplyExact(width, size);
    }
    return width;
  }

  /** The basis of tables holds this text of what their teacher said: what is older stays valid. */
  @Override
  public String toString() {
    return "SignalColumn[name=%s, shape=%s, codec=%s%s]"
        .formatted(name, shape, codec, projection.map(made -> ", projection=" + made).orElse(""));
  }

  /**
   * Between Spark's driver and executors a column travels as JSON: an Optional is not serialisable.
   */
  private Object writeReplace() {
    return new Travelling(Json.line(toJson()));
  }

  private record Travelling(String json) implements Serializable {
    private static final long serialVersionUID = 1L;

    private Object readResolve() {
      return fromJson(JsonFields.of(Json.parse(json, "a signal's column"), "a signal's column"));
    }
  }

  ObjectNode toJson() {
    ObjectNode json = Json.object().put("name", name).put("width", width());
    ArrayNode sizes = json.putArray("shape");
    shape.forEach(sizes::add);
    json.set("codec", codec.toJson());
    projection.ifPresent(made -> json.set("projection", made.toJson()));
    return json;
  }

  /** The first tables had neither shapes nor codecs: what they hold is flat and as it came. */
  static SignalColumn fromJson(JsonFields from) {
    int width = from.integer("width");
    List<Integer> shape = from.has("shape") ? from.integers("shape") : List.of(width);
    SignalColumn signal =
        new SignalColumn(
            from.text("name"),
            shape,
            from.optional("codec", Codec::fromJson).orElseGet(Dense32::new),
            from.optional("projection", Projection::fromJson));
    if (signal.width() != width) {
      throw new IllegalArgumentException(
          "signal %s has width %d and shape %s".formatted(signal.name(), width, signal.shape()));
    }
    return signal;
  }
}
