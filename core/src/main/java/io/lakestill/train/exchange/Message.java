package io.lakestill.train.exchange;

import io.lakestill.signal.codec.Half;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Values on their way between two nodes, in a buffer that is used again and again.
 *
 * <p>Header of 32 bytes, little-endian: magic, kind, step, sender, number of scalars, number of
 * values, scale, CRC-32C over header (with 0 in its place) and body; then the scalars as doubles,
 * then the values as floats or as halves. A half carries {@code value * 2^scale}.
 */
final class Message {
  static final int HEADER = 32;

  /** A part of a node's values, on its way to the node that adds it. */
  static final int PART = 1;

  /** A sum, on its way to everybody. */
  static final int SUM = 2;

  private static final int MAGIC = 0x4c4b5354;
  private static final int CHECKSUM_AT = 28;

  /** Halves of this exponent are far from overflow and 29 powers of two above underflow. */
  private static final int HALF_EXPONENT = 14;

  private ByteBuffer bytes = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
  private int length;

  /** Values on their way from bytes to sums, few enough to stay in the cache. */
  private final float[] some = new float[4096];

  byte[] array() {
    return bytes.array();
  }

  int length() {
    return length;
  }

  /** Makes room for a message of so many bytes. */
  void reserve(int size) {
    if (bytes.capacity() < size) {
      bytes = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
    length = size;
  }

  static int size(int scalars, int values, Wire wire) {
    return Math.addExact(HEADER + 8 * scalars, Math.multiplyExact(wire.bytes(), values));
  }

  /** Writes a message from {@code values[from, to)}. */
  void write(
      int kind, int step, int sender, double[] scalars, float[] values, int from, int to, Wire w) {
    int count = to - from;
    reserve(size(scalars.length, count, w));
    int scale = w == Wire.HALF ? scale(values, from, to) : 0;
    bytes.clear();
    bytes.putInt(MAGIC).putInt(kind).putInt(step).putInt(sender);
    bytes.putInt(scalars.length).putInt(count).putInt(scale).putInt(0);
    bytes.asDoubleBuffer().put(scalars);
    bytes.position(HEADER + 8 * scalars.length);
    if (w == Wire.FLOAT) {
      bytes.asFloatBuffer().put(values, from, count);
    } else {
      float factor = power(scale);
      int at = bytes.position();
      for (int i = from; i < to; i++, at += 2) {
        bytes.putShort(at, Half.of(values[i] * factor));
      }
    }
    bytes.putInt(CHECKSUM_AT, checksum());
  }

  /**
   * Checks that this is the message that is due.
   *
   * @throws ExchangeFault saying what it is instead
   */
  void require(int kind, int step, int sender, int scalars, int count) {
    int said = bytes.getInt(CHECKSUM_AT);
    bytes.putInt(CHECKSUM_AT, 0);
    boolean whole = checksum() == said;
    bytes.putInt(CHECKSUM_AT, said);
    if (bytes.getInt(0) != MAGIC || !whole) {
      throw new ExchangeFault(
          "A message of node %d at step %d is damaged: its checksum is not the one it carries"
              .formatted(sender, step));
    }
    int[] due = {kind, step, sender, scalars, count};
    for (int i = 0; i < due.length; i++) {
      if (bytes.getInt(4 + 4 * i) != due[i]) {
        throw new ExchangeFault(
            "Node %d sent kind %d, step %d, sender %d, %d scalars, %d values where %s are due"
                .formatted(
                    sender,
                    bytes.getInt(4),
                    bytes.getInt(8),
                    bytes.getInt(12),
                    bytes.getInt(16),
                    bytes.getInt(20),
                    Arrays.toString(due)));
      }
    }
  }

  double scalar(int i) {
    return bytes.getDouble(HEADER + 8 * i);
  }

  /** Adds the values to {@code to[0, count)}. */
  void addTo(float[] to) {
    int count = bytes.getInt(20);
    for (int done = 0; done < count; done += some.length) {
      int now = Math.min(some.length, count - done);
      read(done, now, some, 0);
      for (int i = 0; i < now; i++) {
        to[done + i] += some[i];
      }
    }
  }

  /** Writes the values to {@code to} from {@code first} on. */
  void copyTo(float[] to, int first) {
    read(0, bytes.getInt(20), to, first);
  }

  /** Values {@code [from, from + count)} to {@code to} from {@code first} on. */
  private void read(int from, int count, float[] to, int first) {
    int values = HEADER + 8 * bytes.getInt(16);
    if (length - values == 4L * bytes.getInt(20)) {
      bytes.position(values + 4 * from).asFloatBuffer().get(to, first, count);
      return;
    }
    float factor = power(-bytes.getInt(24));
    for (int i = 0; i < count; i++) {
      to[first + i] = Half.value(bytes.getShort(values + 2 * (from + i))) * factor;
    }
  }

  private int checksum() {
    CRC32C crc = new CRC32C();
    crc.update(bytes.array(), 0, length);
    return (int) crc.getValue();
  }

  /** The power of two by which the largest magnitude comes near the largest halves. */
  private static int scale(float[] values, int from, int to) {
    float largest = 0;
    for (int i = from; i < to; i++) {
      largest = Math.max(largest, Math.abs(values[i]));
    }
    boolean scalable = largest > 0 && largest <= Float.MAX_VALUE;
    return scalable ? Math.min(HALF_EXPONENT - Math.getExponent(largest), 126) : 0;
  }

  /** {@code 2^exponent}, exactly, for exponents of normal floats. */
  private static float power(int exponent) {
    return Math.scalb(1f, exponent);
  }
}
