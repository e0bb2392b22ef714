package io.lakestill.jobs;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Optional;
import org.apache.spark.sql.catalyst.expressions.SpecializedGetters;
import org.apache.spark.sql.catalyst.util.ArrayData;

/**
 * A cell of numbers in a table of scores: an array of doubles, or a vector as Spark ML stores it,
 * {@code struct<type: tinyint, size: int, indices: array<int>, values: array<double>>}, dense or
 * sparse.
 *
 * @param name what messages call it
 * @param vector whether it is a vector
 */
record ScoreCell(String name, boolean vector) implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final int FIELDS = 4;
  private static final int TYPE = 0;
  private static final int SIZE = 1;
  private static final int INDICES = 2;
  private static final int VALUES = 3;
  private static final byte SPARSE = 0;

  /** How many numbers it holds; the cell is not null. 0 when it does not say. */
  int width(SpecializedGetters row, int ordinal) {
    if (!vector) {
      return row.getArray(ordinal).numElements();
    }
    SpecializedGetters struct = row.getStruct(ordinal, FIELDS);
    if (malformed(struct).isPresent()) {
      return 0;
    }
    return struct.getByte(TYPE) == SPARSE
        ? struct.getInt(SIZE)
        : struct.getArray(VALUES).numElements();
  }

  /**
   * Reads a cell whose width is that of {@code values}.
   *
   * @return why it cannot be used, for a person
   */
  Optional<String> read(SpecializedGetters row, int ordinal, double[] values) {
    if (row.isNullAt(ordinal)) {
      return Optional.of("its %s is null".formatted(name));
    }
    if (vector) {
      Optional<String> fault = malformed(row.getStruct(ordinal, FIELDS));
      if (fault.isPresent()) {
        return fault;
      }
    }
    int width = width(row, ordinal);
    if (width != values.length) {
      return Optional.of(
          "its %s has %d values instead of %d".formatted(name, width, values.length));
    }
    return (vector
            ? vector(row.getStruct(ordinal, FIELDS), values)
            : array(row.getArray(ordinal), values))
        .or(() -> notFinite(values));
  }

  /** What Spark ML never writes, but others may. */
  private Optional<String> malformed(SpecializedGetters struct) {
    if (struct.isNullAt(TYPE) || struct.isNullAt(VALUES)) {
      return Optional.of(
          "its %s is a vector without %s"
              .formatted(name, struct.isNullAt(TYPE) ? "type" : "values"));
    }
    if (struct.getByte(TYPE) != SPARSE) {
      return Optional.empty();
    }
    if (struct.isNullAt(SIZE) || struct.isNullAt(INDICES)) {
      return Optional.of(
          "its %s is a sparse vector without %s"
              .formatted(name, struct.isNullAt(SIZE) ? "size" : "indices"));
    }
    int indices = struct.getArray(INDICES).numElements();
    int values = struct.getArray(VALUES).numElements();
    return indices == values
        ? Optional.empty()
        : Optional.of(
            "its %s is a sparse vector of %d indices and %d values"
                .formatted(name, indices, values));
  }

  private Optional<String> array(ArrayData stored, double[] values) {
    for (int i = 0; i < values.length; i++) {
      if (stored.isNullAt(i)) {
        return Optional.of("its %s is null at %d".formatted(name, i));
      }
      values[i] = stored.getDouble(i);
    }
    return Optional.empty();
  }

  private Optional<String> vector(SpecializedGetters struct, double[] values) {
    ArrayData stored = struct.getArray(VALUES);
    if (struct.getByte(TYPE) != SPARSE) {
      return array(stored, values);
    }
    Arrays.fill(values, 0);
    ArrayData indices = struct.getArray(INDICES);
    for (int i = 0; i < stored.numElements(); i++) {
      if (indices.isNullAt(i) || stored.isNullAt(i)) {
        return Optional.of("its %s is a sparse vector with a null at %d".formatted(name, i));
      }
      int index = indices.getInt(i);
      if (index < 0 || index >= values.length) {
        return Optional.of(
            "its %s is a vector of %d values with one at %d".formatted(name, values.length, index));
      }
      values[index] = stored.getDouble(i);
    }
    return Optional.empty();
  }

  /** As a float, which is what signals are. */
  private Optional<String> notFinite(double[] values) {
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite((float) values[i])) {
        return Optional.of("its %s has value %s at %d".formatted(name, values[i], i));
      }
    }
    return Optional.empty();
  }
}
