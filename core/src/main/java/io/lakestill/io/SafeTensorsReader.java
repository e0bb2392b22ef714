package io.lakestill.io;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lakestill.error.Errors;
import io.lakestill.error.LakestillException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads one safetensors file, trusting nothing it says. */
final class SafeTensorsReader {
  /** The cap of the format's own readers. */
  private static final long MAXIMUM_HEADER = 100_000_000;

  private static final int MAXIMUM_AXES = 8;

  private final byte[] file;
  private final String origin;

  SafeTensorsReader(byte[] file, String origin) {
    this.file = file;
    this.origin = origin;
  }

  /** Where one tensor lies, in bytes from the start of the data. */
  private record Entry(String name, List<Integer> shape, long begin, long end) {}

  Map<String, FloatTensor> read() {
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    if (file.length < SafeTensors.PREFIX) {
      throw damaged("it has %d bytes, too few for a header".formatted(file.length));
    }
    long length = bytes.getLong();
    if (length < 2 || length > MAXIMUM_HEADER || length > bytes.remaining()) {
      throw damaged(
          "its header claims %s bytes, %d follow"
              .formatted(Long.toUnsignedString(length), bytes.remaining()));
    }
    List<Entry> entries = entries(header(bytes.slice(bytes.position(), (int) length)));
    int data = SafeTensors.PREFIX + (int) length;
    checkNoGaps(entries, file.length - data);
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    for (Entry entry : entries) {
      float[] values = new float[(int) ((entry.end - entry.begin) / Float.BYTES)];
      bytes.position(data + (int) entry.begin);
      bytes.asFloatBuffer().get(values);
      tensors.put(entry.name, FloatTensor.owning(entry.shape, values));
    }
    return tensors;
  }

  private ObjectNode header(ByteBuffer json) {
    if (json.get(0) != '{') {
      throw damaged("its header does not begin with '{'");
    }
    try {
      return Json.parse(StandardCharsets.UTF_8.newDecoder().decode(json).toString(), origin);
    } catch (CharacterCodingException e) {
      throw damaged("its header is not UTF-8");
    }
  }

  private List<Entry> entries(ObjectNode header) {
    List<Entry> entries = new ArrayList<>();
    header
        .fields()
        .forEachRemaining(
            field -> {
              if (!field.getKey().equals(SafeTensors.METADATA)) {
                entries.add(entry(field.getKey(), field.getValue()));
              }
            });
    // An empty tensor ends where it begins and so comes before the one that begins there.
    entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    return entries;
  }

  private Entry entry(String name, JsonNode json) {
    String type = json.path("dtype").asText();
    if (!type.equals("F32")) {
      throw Errors.badInput(
          "'%s': tensor '%s' has type '%s'; only F32 is supported, convert it first."
              .formatted(origin, name, type));
    }
    List<Integer> shape = new ArrayList<>();
    long size = 1;
    for (long axis : wholeNumbers(name, json, "shape")) {
      size = axis == 0 ? 0 : size * axis;
      if (axis > Integer.MAX_VALUE || size > Integer.MAX_VALUE || shape.size() == MAXIMUM_AXES) {
        throw damaged("tensor '%s' has shape %s".formatted(name, json.get("shape")));
      }
      shape.add((int) axis);
    }
    List<Long> offsets = wholeNumbers(name, json, "data_offsets");
    if (offsets.size() != 2 || offsets.get(1) - offsets.get(0) != size * Float.BYTES) {
      throw damaged(
          "tensor '%s' of shape %s lies at %s".formatted(name, shape, json.get("data_offsets")));
    }
    return new Entry(name, shape, offsets.get(0), offsets.get(1));
  }

  private List<Long> wholeNumbers(String name, JsonNode json, String field) {
    List<Long> numbers = new ArrayList<>();
    JsonNode array = json.path(field);
    for (JsonNode number : array) {
      if (!number.isIntegralNumber() || !number.canConvertToLong() || number.longValue() < 0) {
        throw damaged("tensor '%s' has %s %s".formatted(name, field, array));
      }
      numbers.add(number.longValue());
    }
    if (!array.isArray()) {
      throw damaged("tensor '%s' has no %s".formatted(name, field));
    }
    return numbers;
  }

  private void checkNoGaps(List<Entry> entries, long data) {
    long position = 0;
    for (Entry entry : entries) {
      if (entry.begin != position) {
        throw damaged(
            "tensor '%s' begins at byte %d of the data, %d was expected"
                .formatted(entry.name, entry.begin, position));
      }
      position = entry.end;
    }
    if (position != data) {
      throw damaged("its tensors take %d bytes, %d are there".formatted(position, data));
    }
  }

  private LakestillException damaged(String what) {
    return Errors.badInput(
        "'%s' is not a sound safetensors file: %s. Restore it or write it again."
            .formatted(origin, what));
  }
}
