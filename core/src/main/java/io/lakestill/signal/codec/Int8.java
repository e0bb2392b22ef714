package io.lakestill.signal.codec;

import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.BINARY;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.FLOAT;

import java.util.List;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/**
 * Values as signed bytes times a scale of their row: {@code x ≈ scale * q} with {@code q} in [-127,
 * 127].
 *
 * <p>{@code scale = max|x| / 127}, rounded up to a float so that no {@code q} overflows; 0 for a
 * row of zeros. The error is at most half a scale, and a relative 2⁻²⁴ of the product.
 */
public record Int8() implements Codec {
  static final String TYPE = "int8";

  /** The fields of the column. */
  public static final String SCALE = "scale";

  /** The fields of the column. */
  public static final String VALUES = "values";

  private static final int LARGEST = Byte.MAX_VALUE;
  private static final long serialVersionUID = 1L;

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public Type column(String name) {
    return Types.requiredGroup()
        .required(FLOAT)
        .named(SCALE)
        .required(BINARY)
        .named(VALUES)
        .named(name);
  }

  @Override
  public List<String> leaves(String name) {
    return List.of(name + "." + SCALE, name + "." + VALUES);
  }

  @Override
  public CellWriter writer(int width) {
    byte[] cell = new byte[width];
    return (out, values, offset) -> {
      float scale = scale(values, offset, width);
      encode(values, offset, scale, cell);
      out.startGroup();
      out.startField(SCALE, 0);
      out.addFloat(scale);
      out.endField(SCALE, 0);
      out.startField(VALUES, 1);
      out.addBinary(Binary.fromReusedByteArray(cell));
      out.endField(VALUES, 1);
      out.endGroup();
    };
  }

  /** The step of {@code [offset, offset + width)}, all finite. */
  public static float scale(float[] values, int offset, int width) {
    float largest = 0;
    for (int i = offset; i < offset + width; i++) {
      largest = Math.max(largest, Math.abs(values[i]));
    }
    float scale = largest / LARGEST;
    return (double) scale * LARGEST < largest ? Math.nextUp(scale) : scale;
  }

  /** Each value in steps, to the nearest. */
  public static byte[] encode(float[] values, int offset, int width, float scale) {
    byte[] bytes = new byte[width];
    encode(values, offset, scale, bytes);
    return bytes;
  }

  private static void encode(float[] values, int offset, float scale, byte[] bytes) {
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = scale > 0 ? (byte) Math.rint((double) values[offset + i] / scale) : 0;
    }
  }

  /**
   * Fills {@code to} from {@code offset} on.
   *
   * @throws IllegalArgumentException when there are not {@code width} bytes
   */
  public static void decode(float scale, byte[] bytes, float[] to, int offset, int width) {
    if (bytes.length != width) {
      throw new IllegalArgumentException(
          "%d bytes of int8, which are not %d values".formatted(bytes.length, width));
    }
    for (int i = 0; i < width; i++) {
      // The scale was rounded up: 127 of them may lie just beyond the largest float.
      double value = (double) scale * bytes[i];
      to[offset + i] = (float) Math.max(-Float.MAX_VALUE, Math.min(Float.MAX_VALUE, value));
    }
  }
}
