package io.lakestill.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.udf;

import io.lakestill.signal.SignalColumn;
import io.lakestill.signal.codec.Codec;
import io.lakestill.signal.codec.Dense16;
import io.lakestill.signal.codec.Dense32;
import io.lakestill.signal.codec.Int8;
import io.lakestill.signal.codec.Topk;
import io.lakestill.signal.codec.Topk.Ranks;
import io.lakestill.signal.codec.TopkRow;
import io.lakestill.train.RowLayout.Slot;
import java.lang.reflect.Array;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.SpecializedGetters;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** What a {@link Codec} wrote, as Spark reads it. */
final class SignalCell {
  private static final DataType FLOATS = DataTypes.createArrayType(DataTypes.FloatType, false);
  private static final UserDefinedFunction HALVES =
      udf((UDF1<byte[], float[]>) SignalCell::halves, FLOATS);
  private static final UserDefinedFunction SCALED =
      udf((UDF2<Float, byte[], float[]>) SignalCell::scaled, FLOATS);

  private SignalCell() {}

  /**
   * Decodes one value of a signal.
   *
   * @param row holds it at {@code ordinal}
   * @param to filled from {@code offset} on
   * @throws IllegalArgumentException when it has not {@code width} values
   */
  static void decode(
      SpecializedGetters row, int ordinal, Codec codec, float[] to, int offset, int width) {
    if (codec instanceof Topk) {
      throw new IllegalArgumentException("not all of it is known, since it is stored by topk");
    } else if (codec instanceof Dense16) {
      Dense16.decode(row.getBinary(ordinal), to, offset, width);
    } else if (codec instanceof Int8) {
      InternalRow cell = row.getStruct(ordinal, 2);
      Int8.decode(cell.getFloat(0), cell.getBinary(1), to, offset, width);
    } else {
      float[] values = row.getArray(ordinal).toFloatArray();
      if (values.length != width) {
        throw new IllegalArgumentException(
            "%d values of dense32, which are not %d".formatted(values.length, width));
      }
      System.arraycopy(values, 0, to, offset, width);
    }
  }

  /**
   * Decodes logits that are stored by {@code topk} so far as a loss takes them.
   *
   * @param row holds the groups that {@link #readable} left, then the log-sum-exps
   * @param to filled from {@code at} on, as the slot is laid out
   * @throws IllegalArgumentException when they cannot be logits of so many classes
   */
  static void decode(
      SpecializedGetters row, int ordinal, KeptLogits kept, Slot slot, float[] to, int at) {
    List<Ranks> groups = kept.codec().groups(kept.count());
    InternalRow cell = row.getStruct(ordinal, groups.size() + 1);
    int[] ids = new int[groups.get(groups.size() - 1).last()];
    float[] values = new float[ids.length];
    for (int g = 0; g < groups.size(); g++) {
      Ranks ranks = groups.get(g);
      InternalRow group = cell.getStruct(g, 2);
      int count = ranks.last() - ranks.first() + 1;
      copy(group.getArray(0).toIntArray(), ids, ranks.first() - 1, count);
      copy(group.getArray(1).toFloatArray(), values, ranks.first() - 1, count);
    }
    double[] logSumExp = cell.getArray(groups.size()).toDoubleArray();
    TopkRow logits = new TopkRow(ids, values, logSumExp);
    int place = kept.place();
    int classes = slot.width();
    if (slot.sparse()) {
      float others = logits.rest(kept.count(), place, kept.temperature(), classes);
      slot.pack(ids, values, others, to, at);
    } else {
      logits.spread(kept.count(), place, kept.temperature(), to, at, classes);
    }
  }

  private static void copy(Object from, Object to, int offset, int count) {
    if (Array.getLength(from) != count) {
      throw new IllegalArgumentException(
          "%d ranks, where %d are stored together".formatted(Array.getLength(from), count));
    }
    System.arraycopy(from, 0, to, offset, count);
  }

  /**
   * The type of a signal's column for an expression.
   *
   * @param topk the codecs of signals that are stored so
   */
  static DataType type(Map<String, Topk> topk, String signal) {
    Topk codec = topk.get(signal);
    if (codec == null) {
      return list(DataTypes.FloatType);
    }
    StructType column = new StructType();
    for (Ranks ranks : codec.groups(codec.k())) {
      StructType group =
          new StructType()
              .add(Topk.IDS, list(DataTypes.IntegerType))
              .add(Topk.VALUES, list(DataTypes.FloatType));
      column = column.add(ranks.column(), group);
    }
    return column.add(Topk.LOG_SUM_EXP, list(DataTypes.DoubleType));
  }

  private static DataType list(DataType element) {
    return DataTypes.createArrayType(element, true);
  }

  /** The name that the stored form of a signal has among {@link #readable} columns. */
  static String stored(SignalColumn signal) {
    return signal.codec() instanceof Dense32 ? signal.name() : "stored " + signal.name();
  }

  /**
   * A signal's column as an expression sees it, an array of floats, with its stored form beside it;
   * Spark decodes it only where an expression asks for it. Logits that are stored by {@code topk}
   * stay as they are, with the groups of ranks that a loss takes beside them.
   *
   * @param kept what the loss takes, if they are
   */
  static Dataset<Row> readable(Dataset<Row> rows, SignalColumn signal, Optional<KeptLogits> kept) {
    Column cell = col(signal.name());
    if (signal.codec() instanceof Topk) {
      return kept.map(taken -> rows.withColumn(stored(signal), taken(cell, taken))).orElse(rows);
    }
    if (signal.codec() instanceof Dense32) {
      return rows;
    }
    Column decoded =
        signal.codec() instanceof Int8
            ? SCALED.apply(cell.getField(Int8.SCALE), cell.getField(Int8.VALUES))
            : HALVES.apply(cell);
    return rows.withColumn(stored(signal), cell).withColumn(signal.name(), decoded);
  }

  private static Column taken(Column cell, KeptLogits kept) {
    List<Ranks> groups = kept.codec().groups(kept.count());
    return struct(
        Stream.concat(groups.stream().map(Ranks::column), Stream.of(Topk.LOG_SUM_EXP))
            .map(field -> cell.getField(field).as(field))
            .toArray(Column[]::new));
  }

  private static float[] halves(byte[] bytes) {
    float[] values = new float[bytes.length / 2];
    Dense16.decode(bytes, values, 0, values.length);
    return values;
  }

  private static float[] scaled(float scale, byte[] bytes) {
    float[] values = new float[bytes.length];
    Int8.decode(scale, bytes, values, 0, values.length);
    return values;
  }
}
