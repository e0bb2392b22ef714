package io.lakestill.signal.codec;

import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.DOUBLE;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.FLOAT;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.INT32;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.io.Json;
import java.util.ArrayList;
import java.util.List;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;
import org.apache.parquet.schema.Types.GroupBuilder;

/**
 * The k largest logits of a row with their classes, and the log-sum-exp of all of them at declared
 * temperatures, so that at those the mass of the classes left out is known.
 *
 * <pre>
 * logits
 *   ranks_1_8      ids: list of int, values: list of float
 *   ranks_9_32     ids, values
 *   ...
 *   log_sum_exp    list of double, in the order of the temperatures
 * </pre>
 *
 * <p>Each group of ranks is columns of its own, so who needs the first eight reads no more. Classes
 * are whole numbers and logits are the teacher's own, neither rounded nor softened.
 *
 * @param k at most the number of classes
 * @param temperatures positive and distinct
 */
public record Topk(int k, List<Double> temperatures) implements Codec {
  static final String TYPE = "topk";

  /** The fields of a group of ranks. */
  public static final String IDS = "ids";

  /** The fields of a group of ranks. */
  public static final String VALUES = "values";

  /** The field beside the groups. */
  public static final String LOG_SUM_EXP = "log_sum_exp";

  private static final int FIRST_GROUP = 8;
  private static final int GROWTH = 4;
  private static final long serialVersionUID = 1L;

  /**
   * Ranks that are stored together.
   *
   * @param first from 1
   * @param last included
   */
  public record Ranks(int first, int last) {
    /** The name of their column. */
    public String column() {
      return "ranks_" + first + "_" + last;
    }

    int count() {
      return last - first + 1;
    }
  }

  public Topk {
    temperatures = List.copyOf(temperatures);
    if (k < 1 || temperatures.isEmpty() || !temperatures.stream().allMatch(t -> t > 0)) {
      throw new IllegalArgumentException(
          "topk must keep at least one class and have positive temperatures, keeps %d and has %s"
              .formatted(k, temperatures));
    }
  }

  /** The groups that hold the first {@code kept} ranks: 1 to 8, 9 to 32, 33 to 128, ... */
  public List<Ranks> groups(int kept) {
    List<Ranks> groups = new ArrayList<>();
    int last = 0;
    for (long end = FIRST_GROUP; last < Math.min(kept, k); end *= GROWTH) {
      int first = last + 1;
      last = (int) Math.min(end, k);
      groups.add(new Ranks(first, last));
    }
    return groups;
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public Type column(String name) {
    GroupBuilder<org.apache.parquet.schema.GroupType> column = Types.requiredGroup();
    for (Ranks ranks : groups(k)) {
      column.addField(
          Types.requiredGroup()
              .addField(Dense32.list(INT32, IDS))
              .addField(Dense32.list(FLOAT, VALUES))
              .named(ranks.column()));
    }
    return column.addField(Dense32.list(DOUBLE, LOG_SUM_EXP)).named(name);
  }

  /** All but the ids, which are few and repeat. */
  @Override
  public List<String> leaves(String name) {
    List<String> leaves = new ArrayList<>();
    for (Ranks ranks : groups(k)) {
      leaves.add(name + "." + ranks.column() + "." + VALUES + ".list.element");
    }
    leaves.add(name + "." + LOG_SUM_EXP + ".list.element");
    return leaves;
  }

  @Override
  public CellWriter writer(int width) {
    return (out, values, offset) -> write(out, values, offset, width);
  }

  private void write(RecordConsumer out, float[] values, int offset, int width) {
    TopkRow row = TopkRow.of(values, offset, width, this);
    out.startGroup();
    int field = 0;
    for (Ranks ranks : groups(k)) {
      int first = ranks.first() - 1;
      out.startField(ranks.column(), field);
      out.startGroup();
      list(out, IDS, 0, ranks.count(), i -> out.addInteger(row.ids()[first + i]));
      list(out, VALUES, 1, ranks.count(), i -> out.addFloat(row.values()[first + i]));
      out.endGroup();
      out.endField(ranks.column(), field++);
    }
    list(out, LOG_SUM_EXP, field, row.logSumExp().length, i -> out.addDouble(row.logSumExp()[i]));
    out.endGroup();
  }

  /** Writes one element of a list. */
  private interface Element {
    void write(int index);
  }

  private static void list(RecordConsumer out, String name, int field, int count, Element element) {
    out.startField(name, field);
    out.startGroup();
    out.startField("list", 0);
    for (int i = 0; i < count; i++) {
      out.startGroup();
      out.startField("element", 0);
      element.write(i);
      out.endField("element", 0);
      out.endGroup();
    }
    out.endField("list", 0);
    out.endGroup();
    out.endField(name, field);
  }

  @Override
  public ObjectNode toJson() {
    ObjectNode json = Json.object().put("type", TYPE).put("k", k);
    ArrayNode declared = json.putArray("temperatures");
    temperatures.forEach(declared::add);
    return json;
  }
}
