package io.lakestill.signal.codec;

import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.BINARY;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.List;
import java.util.OptionalInt;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/**
 * Values as IEEE half-precision floats, little-endian, end to end in one binary: numpy reads them
 * by {@code frombuffer(cell, "<f2")}.
 *
 * <p>Rounded to the nearest, to even between two. The error is at most {@code |x| 2⁻¹¹}, or 2⁻²⁵
 * for values below 2⁻¹⁴. A row with a value that would become infinite, from 65,520 on, is refused.
 */
public record Dense16() implements Codec {
  static final String TYPE = "dense16";
  private static final long serialVersionUID = 1L;

  private static final VarHandle HALVES =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public Type column(String name) {
    return Types.required(BINARY).named(name);
  }

  @Override
  public List<String> leaves(String name) {
    return List.of(name);
  }

  @Override
  public OptionalInt refused(float[] values, int offset, int width) {
    for (int i = 0; i < width; i++) {
      if (Math.abs(values[offset + i]) >= Half.OVERFLOW) {
        return OptionalInt.of(i);
      }
    }
    return OptionalInt.empty();
  }

  @Override
  public String limit() {
    return "dense16 holds numbers up to 65504";
  }

  /** All cells go through one array: bytes of new memory would cost more than the rounding. */
  @Override
  public CellWriter writer(int width) {
    byte[] cell = new byte[2 * width];
    return (out, values, offset) -> {
      encode(values, offset, cell);
      out.addBinary(Binary.fromReusedByteArray(cell));
    };
  }

  /** The bytes of {@code [offset, offset + width)}. */
  public static byte[] encode(float[] values, int offset, int width) {
    byte[] bytes = new byte[2 * width];
    encode(values, offset, bytes);
    return bytes;
  }

  private static void encode(float[] values, int offset, byte[] bytes) {
    for (int i = 0; i < bytes.length / 2; i++) {
      HALVES.set(bytes, 2 * i, Half.of(values[offset + i]));
    }
  }

  /**
   * Fills {@code to} from {@code offset} on.
   *
   * @throws IllegalArgumentException when the bytes are not those of {@code width} values
   */
  public static void decode(byte[] bytes, float[] to, int offset, int width) {
    if (bytes.length != 2 * width) {
      throw new IllegalArgumentException(
          "%d bytes of dense16, which are not %d values".formatted(bytes.length, width));
    }
    for (int i = 0; i < width; i++) {
      to[offset + i] = Half.value((short) HALVES.get(bytes, 2 * i));
    }
  }
}
