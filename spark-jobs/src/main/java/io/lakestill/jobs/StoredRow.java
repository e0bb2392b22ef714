package io.lakestill.jobs;

import io.lakestill.signal.StoredRowWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.Type;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.SpecializedGetters;
import org.apache.spark.sql.catalyst.util.ArrayData;

/**
 * A row of a signal file as Spark read it, to be written again. Nothing is decoded: every leaf of
 * every column keeps its bytes, whatever codec made them.
 *
 * @param row all columns of the file, in its order
 */
record StoredRow(InternalRow row) implements StoredRowWriter.Fields {

  @Override
  public void writeTo(RecordConsumer out, GroupType type) {
    fields(out, type, row);
  }

  private static void fields(RecordConsumer out, GroupType type, SpecializedGetters from) {
    for (int i = 0; i < type.getFieldCount(); i++) {
      if (!from.isNullAt(i)) {
        Type field = type.getType(i);
        out.startField(field.getName(), i);
        value(out, field, from, i);
        out.endField(field.getName(), i);
      }
    }
  }

  private static void value(RecordConsumer out, Type type, SpecializedGetters from, int place) {
    if (type.isPrimitive()) {
      primitive(out, type, from, place);
      return;
    }
    GroupType group = type.asGroupType();
    out.startGroup();
    if (LogicalTypeAnnotation.listType().equals(type.getLogicalTypeAnnotation())) {
      elements(out, group.getType(0).asGroupType(), from.getArray(place));
    } else {
      fields(out, group, from.getStruct(place, group.getFieldCount()));
    }
    out.endGroup();
  }

  private static void elements(RecordConsumer out, GroupType repeated, ArrayData elements) {
    if (elements.numElements() == 0) {
      return;
    }
    Type element = repeated.getType(0);
    out.startField(repeated.getName(), 0);
    for (int i = 0; i < elements.numElements(); i++) {
      out.startGroup();
      out.startField(element.getName(), 0);
      value(out, element, elements, i);
      out.endField(element.getName(), 0);
      out.endGroup();
    }
    out.endField(repeated.getName(), 0);
  }

  private static void primitive(RecordConsumer out, Type type, SpecializedGetters from, int place) {
    switch (type.asPrimitiveType().getPrimitiveTypeName()) {
      case INT32 -> out.addInteger(from.getInt(place));
      case INT64 -> out.addLong(from.getLong(place));
      case FLOAT -> out.addFloat(from.getFloat(place));
      case DOUBLE -> out.addDouble(from.getDouble(place));
      case BINARY -> out.addBinary(Binary.fromConstantByteArray(bytes(type, from, place)));
      default ->
          throw new IllegalArgumentException("no column of a signal file has the type " + type);
    }
  }

  private static byte[] bytes(Type type, SpecializedGetters from, int place) {
    return LogicalTypeAnnotation.stringType().equals(type.getLogicalTypeAnnotation())
        ? from.getUTF8String(place).getBytes()
        : from.getBinary(place);
  }
}
