package io.lakestill.signal.codec;

import static org.apache.parquet.schema.LogicalTypeAnnotation.listType;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.FLOAT;

import java.util.List;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/**
 * Values as they come: a list of 32-bit floats in the standard three-level form that Spark, DuckDB
 * and pandas read.
 */
public record Dense32() implements Codec {
  static final String TYPE = "dense32";
  private static final long serialVersionUID = 1L;

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public Type column(String name) {
    return list(FLOAT, name);
  }

  @Override
  public List<String> leaves(String name) {
    return List.of(name + ".list.element");
  }

  @Override
  public CellWriter writer(int width) {
    return (out, values, offset) -> write(out, values, offset, width);
  }

  private static void write(RecordConsumer out, float[] values, int offset, int width) {
    out.startGroup();
    out.startField("list", 0);
    for (int i = offset; i < offset + width; i++) {
      out.startGroup();
      out.startField("element", 0);
      out.addFloat(values[i]);
      out.endField("element", 0);
      out.endGroup();
    }
    out.endField("list", 0);
    out.endGroup();
  }

  static GroupType list(PrimitiveTypeName element, String name) {
    return Types.requiredGroup()
        .as(listType())
        .repeatedGroup()
        .required(element)
        .named("element")
        .named("list")
        .named(name);
  }
}
