package io.lakestill.jobs;

import static org.apache.spark.sql.functions.array_position;
import static org.apache.spark.sql.functions.lit;

import io.lakestill.recipe.DataSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StringType;

/**
 * The columns of a table that a recipe names: whether they are there and of a usable type, and how
 * they become those of an example.
 */
final class ExampleColumns {
  private final DataSettings data;
  private final Dataset<Row> table;
  private final RawColumn features;
  private final List<RawColumn> own;
  private final List<String> faults = new ArrayList<>();

  ExampleColumns(DataSettings data, Dataset<Row> table) {
    this(data, List.of(), table);
  }

  /**
   * @param more features that teachers are shown instead
   */
  ExampleColumns(DataSettings data, List<OwnFeatures> more, Dataset<Row> table) {
    this.data = data;
    this.table = table;
    this.features = new RawColumn(data.features(), "data.features.columns", table);
    this.own =
        more.stream()
            .map(each -> new RawColumn(each.features(), each.section() + ".columns", table))
            .toList();
    check(data.id(), "data.id", ExampleColumns::isKey, "a text, a whole number or a date");
    check(data.label(), "data.label", ExampleColumns::isLabel, "a whole number or a text");
    faults.addAll(features.faults());
    own.forEach(column -> faults.addAll(column.faults()));
  }

  /** What is wrong, for a person; empty when the columns can be used. */
  List<String> faults() {
    return faults;
  }

  private interface TypeRule {
    boolean allows(DataType type);
  }

  private void check(String column, String key, TypeRule rule, String expected) {
    Optional<DataType> type = RawColumn.type(table, column);
    if (type.isEmpty()) {
      faults.add(RawColumn.missing(key, column, table));
    } else if (!rule.allows(type.get())) {
      faults.add(
          "%s names column '%s' of type %s; it must be %s"
              .formatted(key, column, type.get().simpleString(), expected));
    }
  }

  static boolean isKey(DataType type) {
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

  Column id() {
    return RawColumn.named(data.id()).cast("string");
  }

  /** The class index as a long; null for a name that is no class. */
  Column label() {
    Column label = RawColumn.named(data.label());
    if (!(RawColumn.type(table, data.label()).orElseThrow() instanceof StringType)) {
      return label.cast("long");
    }
    Column position = array_position(lit(data.classes().toArray(String[]::new)), label);
    return functions.when(position.gt(0), position.minus(1));
  }

  /** The label as it is stored, for messages. */
  Column storedLabel() {
    return RawColumn.named(data.label()).cast("string");
  }

  Column raw() {
    return features.column();
  }

  /** What teachers are shown instead, in the order they were given. */
  List<RawColumn> own() {
    return own;
  }

  /** How many values {@code raw} holds; null where that is known only after decoding. */
  Column rawWidth(Column raw) {
    return features.width(raw);
  }
}
