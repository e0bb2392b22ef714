package io.lakestill.jobs;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.length;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.size;
import static org.apache.spark.sql.functions.when;

import io.lakestill.data.FeatureShape;
import io.lakestill.data.OversizeImage;
import io.lakestill.recipe.Encoding;
import io.lakestill.recipe.FeatureSettings;
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
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.NumericType;

/**
 * The feature columns of a table: whether they are there and of a usable type, and how they become
 * the one {@code raw} column that {@link RawCell} reads.
 *
 * @param features what is asked for
 * @param key what messages call the setting that names the columns
 * @param table the table
 */
record RawColumn(FeatureSettings features, String key, Dataset<Row> table) {

  /** What is wrong, for a person; empty when the columns can be used. */
  List<String> faults() {
    List<String> faults = new ArrayList<>();
    for (String column : features.columns()) {
      Optional<DataType> type = type(table, column);
      if (type.isEmpty()) {
        faults.add(missing(key, column, table));
      } else if (!allows(type.get())) {
        faults.add(
            "%s names column '%s' of type %s; it must be %s"
                .formatted(key, column, type.get().simpleString(), expected()));
      }
    }
    if (faults.isEmpty() && scalars() && features.columns().size() != features.width()) {
      faults.add(
          "%s names %d column%s, the shape of the features asks for %d values"
              .formatted(
                  key,
                  features.columns().size(),
                  features.columns().size() == 1 ? "" : "s",
                  features.width()));
    }
    return faults;
  }

  static String missing(String key, String column, Dataset<Row> table) {
    return "%s names column '%s', which is not there; the columns are %s"
        .formatted(key, column, String.join(", ", table.columns()));
  }

  static Optional<DataType> type(Dataset<Row> table, String column) {
    return Arrays.stream(table.schema().fields())
        .filter(field -> field.name().equals(column))
        .map(field -> field.dataType())
        .findFirst();
  }

  /** The column of that name, whatever characters it holds. */
  static Column named(String name) {
    return functions.col("`" + name.replace("`", "``") + "`");
  }

  /**
   * Binary, or an array of floats. An image that is too large to be one of the shape is left where
   * it is, so that no shuffle carries it; see {@link OversizeImage}.
   */
  Column column() {
    List<String> columns = features.columns();
    if (features.encoding() == Encoding.IMAGE) {
      return boundedImage(named(columns.get(0)));
    }
    if (features.encoding() == Encoding.UINT8) {
      return named(columns.get(0));
    }
    Column values =
        scalars()
            ? array(columns.stream().map(RawColumn::named).toArray(Column[]::new))
            : named(columns.get(0));
    return values.cast("array<float>");
  }

  private Column boundedImage(Column image) {
    long most = OversizeImage.mostBytes(FeatureShape.of(features.shape()));
    Column standIn = concat(lit(OversizeImage.STAND_IN), length(image).cast("string"));
    return when(length(image).gt(most), standIn.cast("binary")).otherwise(image);
  }

  /** How many values {@code raw} holds; null where that is known only after decoding. */
  Column width(Column raw) {
    return switch (features.encoding()) {
      case UINT8 -> length(raw);
      case FLOAT -> when(raw.isNotNull(), size(raw));
      case IMAGE -> lit(null).cast("int");
    };
  }

  private boolean allows(DataType type) {
    if (features.encoding() != Encoding.FLOAT) {
      return type instanceof BinaryType;
    }
    return type instanceof NumericType || (features.columns().size() == 1 && isNumericArray(type));
  }

  private String expected() {
    if (features.encoding() != Encoding.FLOAT) {
      return "binary for this encoding";
    }
    return features.columns().size() == 1 ? "an array of numbers, or a number" : "a number";
  }

  /** Whether each value has a column of its own. */
  private boolean scalars() {
    return features.encoding() == Encoding.FLOAT
        && type(table, features.columns().get(0)).filter(RawColumn::isNumericArray).isEmpty();
  }

  private static boolean isNumericArray(DataType type) {
    return type instanceof ArrayType array && array.elementType() instanceof NumericType;
  }
}
