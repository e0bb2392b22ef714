package io.lakestill.data;

import io.lakestill.io.Sha256;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** The features of one example as the lake stores them. */
public sealed interface RawFeatures {

  /**
   * The first 32 hexadecimal digits of SHA-256 over the stored values: bytes as they are, floats in
   * little-endian IEEE 754. It ties a signal to the content it was made from.
   */
  String contentHash();

  /**
   * Unsigned bytes, or an encoded image.
   *
   * @param values not copied; the caller leaves it alone
   */
  @SuppressWarnings("ArrayRecordComponent") // equality is by content, below
  record Bytes(byte[] values) implements RawFeatures {
    @Override
    public String contentHash() {
      return Sha256.of(values).substring(0, 32);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Bytes bytes && Arrays.equals(values, bytes.values);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(values);
    }

    @Override
    public String toString() {
      return "Bytes[" + values.length + "]";
    }
  }

  /**
   * Numbers.
   *
   * @param values not copied; the caller leaves it alone
   */
  @SuppressWarnings("ArrayRecordComponent") // equality is by content, below
  record Floats(float[] values) implements RawFeatures {
    @Override
    public String contentHash() {
      ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length);
      bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values);
      return Sha256.of(bytes.array()).substring(0, 32);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Floats floats && Arrays.equals(values, floats.values);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(values);
    }

    @Override
    public String toString() {
      return "Floats[" + values.length + "]";
    }
  }
}
