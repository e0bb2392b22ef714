package io.lakestill.jobs;

import io.lakestill.data.BadFeaturesException;
import io.lakestill.data.RawFeatures;
import io.lakestill.recipe.Encoding;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.expressions.SpecializedGetters;
import org.apache.spark.sql.catalyst.util.ArrayData;
import scala.collection.Seq;

/** Reads the {@code raw} column of an example. */
public final class RawCell {
  private RawCell() {}

  /**
   * From Spark's own row, without boxing.
   *
   * @param row the row
   * @param ordinal where {@code raw} is
   * @param encoding how the features are stored
   * @throws BadFeaturesException when there are none, or one of the numbers is null
   */
  public static RawFeatures read(SpecializedGetters row, int ordinal, Encoding encoding)
      throws BadFeaturesException {
    if (row.isNullAt(ordinal)) {
      throw missing();
    }
    if (encoding != Encoding.FLOAT) {
      return new RawFeatures.Bytes(row.getBinary(ordinal));
    }
    ArrayData array = row.getArray(ordinal);
    for (int i = 0; i < array.numElements(); i++) {
      if (array.isNullAt(i)) {
        throw missing(i);
      }
    }
    return new RawFeatures.Floats(array.toFloatArray());
  }

  /**
   * From a row of the public API; it boxes numbers, so use the other one for whole tables.
   *
   * @param row the row
   * @param ordinal where {@code raw} is
   * @throws BadFeaturesException when there are none, or one of the numbers is null
   */
  public static RawFeatures read(Row row, int ordinal) throws BadFeaturesException {
    Object cell = row.get(ordinal);
    if (cell instanceof byte[] bytes) {
      return new RawFeatures.Bytes(bytes);
    }
    if (!(cell instanceof Seq<?> values)) {
      throw missing();
    }
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      if (!(values.apply(i) instanceof Float value)) {
        throw missing(i);
      }
      floats[i] = value;
    }
    return new RawFeatures.Floats(floats);
  }

  private static BadFeaturesException missing() {
    return new BadFeaturesException("the features are missing");
  }

  private static BadFeaturesException missing(int index) {
    return new BadFeaturesException("value " + index + " is missing");
  }
}
