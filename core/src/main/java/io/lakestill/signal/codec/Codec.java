package io.lakestill.signal.codec;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import io.lakestill.io.JsonFields;
import io.lakestill.recipe.CodecSettings;
import java.io.Serializable;
import java.util.List;
import java.util.OptionalInt;
import org.apache.parquet.schema.Type;

/**
 * How one signal is stored in a Parquet column. It stands in the manifest, which is all a reader
 * asks; a loss sees the same {@code float[]} whatever the codec.
 */
public sealed interface Codec extends Serializable permits Dense32, Dense16, Int8, Topk {

  /** Its name in recipes and manifests. */
  String type();

  /**
   * The column.
   *
   * @param name of the signal
   */
  Type column(String name);

  /** The leaves of the column, in dotted form: of values that are not worth a dictionary. */
  List<String> leaves(String name);

  /**
   * The place of the first value of a row that this codec cannot hold; empty when it can hold all.
   *
   * @param values all finite; the row is {@code [offset, offset + width)}
   */
  default OptionalInt refused(float[] values, int offset, int width) {
    return OptionalInt.empty();
  }

  /** What it cannot hold, for a person; said of what {@link #refused} finds. */
  default String limit() {
    return "";
  }

  /**
   * What writes the cells of a column, one after the other; for one thread.
   *
   * @param width values per row
   */
  CellWriter writer(int width);

  /** Its form in a manifest. */
  default ObjectNode toJson() {
    return Json.object().put("type", type());
  }

  /** The codec that a recipe names for a signal. */
  static Codec of(CodecSettings settings, String signal) {
    return switch (settings.of(signal)) {
      case DENSE32 -> new Dense32();
      case DENSE16 -> new Dense16();
      case INT8 -> new Int8();
      case TOPK -> new Topk(settings.topk().k(), settings.topk().temperatures());
    };
  }

  /**
   * @throws io.lakestill.error.LakestillException (exit 3) when there is no such codec
   */
  static Codec fromJson(JsonFields fields) {
    return switch (fields.text("type")) {
      case Dense32.TYPE -> new Dense32();
      case Dense16.TYPE -> new Dense16();
      case Int8.TYPE -> new Int8();
      case Topk.TYPE -> new Topk(fields.integer("k"), fields.numbers("temperatures"));
      default -> throw fields.refused("type", "a codec that this Lakestill knows");
    };
  }
}
