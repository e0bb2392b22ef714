package io.lakestill.io;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * The safetensors format: float32 arrays by name, and nothing that could run.
 *
 * <p>Layout: the length of the header (8 bytes, unsigned, little-endian), the header (JSON: name to
 * {@code dtype}, {@code shape}, {@code data_offsets}), then the values of all tensors, end to end,
 * little-endian, row-major. Source: the format section of the safetensors project's README.
 *
 * <p>Only {@code F32} is read and written; files above 2 GiB are refused.
 */
public final class SafeTensors {
  static final int PREFIX = Long.BYTES;
  static final String METADATA = "__metadata__";

  /** The data starts at a multiple of this, so that it can be mapped as floats. */
  private static final int ALIGNMENT = 8;

  private SafeTensors() {}

  /**
   * @param tensors by name; the values are stored in the order of the map
   * @throws IllegalArgumentException when they do not fit one array of bytes
   */
  public static byte[] write(Map<String, FloatTensor> tensors) {
    byte[] header = header(tensors);
    long bytes = (long) PREFIX + header.length;
    for (FloatTensor tensor : tensors.values()) {
      bytes += (long) Float.BYTES * tensor.size();
    }
    if (bytes > Integer.MAX_VALUE - ALIGNMENT) {
      throw new IllegalArgumentException("safetensors above 2 GiB are not supported: " + bytes);
    }
    ByteBuffer file = ByteBuffer.allocate((int) bytes).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(header.length).put(header);
    for (FloatTensor tensor : tensors.values()) {
      file.asFloatBuffer().put(tensor.array());
      file.position(file.position() + Float.BYTES * tensor.size());
    }
    return file.array();
  }

  private static byte[] header(Map<String, FloatTensor> tensors) {
    ObjectNode header = Json.object();
    long begin = 0;
    for (Map.Entry<String, FloatTensor> entry : tensors.entrySet()) {
      if (entry.getKey().equals(METADATA)) {
        throw new IllegalArgumentException("no tensor may be named '" + METADATA + "'");
      }
      ObjectNode tensor = header.putObject(entry.getKey()).put("dtype", "F32");
      ArrayNode shape = tensor.putArray("shape");
      entry.getValue().shape().forEach(shape::add);
      long end = begin + (long) Float.BYTES * entry.getValue().size();
      tensor.putArray("data_offsets").add(begin).add(end);
      begin = end;
    }
    String json = Json.line(header);
    int length = json.getBytes(StandardCharsets.UTF_8).length;
    int padding = Math.floorMod(-(PREFIX + length), ALIGNMENT);
    return (json + " ".repeat(padding)).getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads a whole file; every byte must be accounted for.
   *
   * @param file the bytes
   * @param origin where they come from, for messages
   * @return the tensors in the order of their data
   * @throws io.lakestill.error.LakestillException (exit 3) when anything is out of bounds, of
   *     another type, overlapping, left over or missing
   */
  public static Map<String, FloatTensor> read(byte[] file, String origin) {
    return new SafeTensorsReader(file, origin).read();
  }
}
