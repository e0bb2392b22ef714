package io.lakestill.jobs;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.array_position;
import static org.apache.spark.sql.functions.length;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.size;

import io.lakestill.recipe.DataSettings;
import io.lakestill.recipe.Encoding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StringType;

/**
 * The columns of a table that a recipe names: whether they are there and of a usable type, and how
 * they become those of an example.
 */
final class ExampleColumns {
  private final DataSettings data;
  private final Dataset<Row> table;
  private final List<String> faults = new ArrayList<>();

  ExampleColumns(DataSettings data, Dataset<Row> table) {
    this.data = data;
    this.table = table;
    check(data.id(), "data.id", ExampleColumns::isKey, "a text, a whole number or a date");
    check(data.label(), "data.label", ExampleColumns::isLabel, "a whole number or a text");
    checkFeatures();
  }

  /** What is wrong, for a person; empty when the columns can be used. */
  List<String> faults() {
    return faults;
  }

  private interface TypeRule {
    boolean allows(DataType type);
  }

  private void check(String column, String key, TypeRule rule, String expected) {
    Optional<DataType> type = type(column);
    if (type.isEmpty()) {
      faults.add(
          "%s names column '%s', which is not there; the columns are %s"
              .formatted(key, column, String.join(", ", table.columns())));
    } else if (!rule.allows(type.get())) {
      faults.add(
          "%s names column '%s' of type %s; it must be %s"
              .formatted(key, column, type.get().simpleString(), expected));
    }
  }

  private void checkFeatures() {
    List<String> columns = data.features().columns();
    String key = "data.features.columns";
    if (data.features().encoding() != Encoding.FLOAT) {
      check(columns.get(0), key, type -> type instanceof BinaryType, "binary for this encoding");
      return;
    }
    boolean one = columns.size() == 1;
    for (String column : columns) {
      check(
          column,
          key,
          type -> type instanceof NumericType || (one && isNumericArray(type)),
          one ? "an array of numbers, or a number" : "a number");
    }
    boolean scalars = !one || type(columns.get(0)).map(NumericType.class::isInstance).orElse(false);
    if (scalars && columns.size() != data.features().width()) {
      faults.add(
          "%s names %d column%s, data.features.shape asks for %d values"
              .formatted(key, columns.size(), one ? "" : "s", data.features().width()));
    }
  }

  private Optional<DataType> type(String column) {
    return Arrays.stream(table.schema().fields())
        .filter(field -> field.name().equals(column))
        .map(field -> field.dataType())
        .findFirst();
  }

  private static boolean isKey(DataType type) {
    return type instanceof StringType
        || isWhole(type)
        || type instanceof DecimalType
        || type instanceof BooleanType
        || type instanceof DateType;
  }

  private static boolean isLabel(DataType type) {
    return type instanceof StringType || isWhole(type);
  }

  private static boolean isWhole(DataType type) {
    return type instanceof ByteType
        || type instanceof ShortType
        || type instanceof IntegerType
        || type instanceof LongType;
  }

  private static boolean isNumericArray(DataType type) {
    return type instanceof ArrayType array && array.elementType() instanceof NumericType;
  }

  private static Column column(String name) {
    return functions.col("`" + name.replace("`", "``") + "`");
  }

  Column id() {
    return column(data.id()).cast("string");
  }

  /** The class index as a long; null for a name that is no class. */
  Column label() {
    Column label = column(data.label());
    if (!(type(data.label()).orElseThrow() instanceof StringType)) {
      return label.cast("long");
    }
    Column position = array_position(lit(data.classes().toArray(String[]::new)), label);
    return functions.when(position.gt(0), position.minus(1));
  }

  /** The label as it is stored, for messages. */
  Column storedLabel() {
    return column(data.label()).cast("string");
  }

  Column raw() {
    List<String> columns = data.features().columns();
    if (data.features().encoding() != Encoding.FLOAT) {
      return column(columns.get(0));
    }
    Column values =
        isNumericArray(type(columns.get(0)).orElseThrow())
            ? column(columns.get(0))
            : array(columns.stream().map(ExampleColumns::column).toArray(Column[]::new));
    return values.cast("array<float>");
  }

  /** How many values {@code raw} holds; null where that is known only after decoding. */
  Column rawWidth(Column raw) {
    return switch (data.features().encoding()) {
      case UINT8 -> length(raw);
      case FLOAT -> functions.when(raw.isNotNull(), size(raw));
      case IMAGE -> lit(null).cast("int");
    };
  }
}
