package io.lakestill.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafeTensorsTest {

  @Test
  void layoutIsThatOfTheFormat() {
    byte[] file = SafeTensors.write(Map.of("a", FloatTensor.of(List.of(2), new float[] {1f, -2f})));
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int length = (int) bytes.getLong();
    String header = new String(file, 8, length, StandardCharsets.UTF_8);
    assertThat(header.strip())
        .isEqualTo("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}");
    assertThat((8 + length) % 8).isZero();
    assertThat(bytes.getFloat(8 + length)).isEqualTo(1f);
    assertThat(bytes.getFloat(12 + length)).isEqualTo(-2f);
    assertThat(file).hasSize(8 + length + 8);
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "3", "4", "5", "6", "7", "8"})
  void roundTripKeepsOrderShapesAndBits(long seed) {
    Random random = new Random(seed);
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    int count = random.nextInt(6);
    for (int i = 0; i < count; i++) {
      int rows = random.nextInt(4);
      int columns = 1 + random.nextInt(4);
      float[] values = new float[rows * columns];
      for (int j = 0; j < values.length; j++) {
        values[j] = Float.intBitsToFloat(random.nextInt());
      }
      String name = "tensör" + random.nextInt(1_000_000);
      tensors.put(name, FloatTensor.of(List.of(rows, columns), values));
    }
    tensors.put("scalar", FloatTensor.of(List.of(), new float[] {Float.NaN}));
    Map<String, FloatTensor> read = SafeTensors.read(SafeTensors.write(tensors), "file");
    assertThat(read).as("seed %d", seed).isEqualTo(tensors);
  }

  @Test
  void metadataOfOtherWritersIsPassedOver() {
    byte[] file =
        file("{\"__metadata__\":{\"format\":\"pt\"}," + tensor("a", "F32", "[1]", 0, 4), 4);
    assertThat(SafeTensors.read(file, "file")).containsOnlyKeys("a");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          F16  | [2]      | 0 | 4 | 4 | tensor 'a' has type 'F16'; only F32 is supported, convert it first.
          F32  | [2]      | 0 | 4 | 4 | tensor 'a' of shape [2] lies at [0,4]
          F32  | [1]      | 4 | 8 | 8 | tensor 'a' begins at byte 4 of the data, 0 was expected
          F32  | [1]      | 0 | 4 | 3 | its tensors take 4 bytes, 3 are there
          F32  | [1]      | 0 | 4 | 5 | its tensors take 4 bytes, 5 are there
          F32  | [-1]     | 0 | 4 | 4 | tensor 'a' has shape [-1]
          F32  | [1.0]    | 0 | 4 | 4 | tensor 'a' has shape [1.0]
          F32  | 1        | 0 | 4 | 4 | tensor 'a' has no shape
          F32  | [65536,65536,65536,65536] | 0 | 0 | 0 | tensor 'a' has shape [65536,65536,65536,65536]
          F32  | [9223372036854775807,3] | 0 | 4 | 4 | tensor 'a' has shape [9223372036854775807,3]
          F32  | [99999999999999999999] | 0 | 4 | 4 | tensor 'a' has shape [99999999999999999999]
          F32  | [1,1,1,1,1,1,1,1,1] | 0 | 4 | 4 | tensor 'a' has shape [1,1,1,1,1,1,1,1,1]
          F32  | [1]      | 4 | 0 | 4 | tensor 'a' of shape [1] lies at [4,0]
          """)
  void damagedTensorsAreRefused(
      String type, String shape, long begin, long end, int data, String reason) {
    assertRefused(file("{" + tensor("a", type, shape, begin, end), data), reason);
  }

  @Test
  void overlappingTensorsAreRefused() {
    String header =
        "{" + tensor("a", "F32", "[2]", 0, 8).replace("}}", "},") + tensor("b", "F32", "[1]", 4, 8);
    assertRefused(file(header, 8), "tensor 'b' begins at byte 4 of the data, 8 was expected");
  }

  @Test
  void damagedHeadersAreRefused() {
    assertRefused(new byte[7], "it has 7 bytes, too few for a header");
    assertRefused(withLength(1, "{}"), "its header claims 1 bytes, 2 follow");
    assertRefused(withLength(3, "{}"), "its header claims 3 bytes, 2 follow");
    assertRefused(withLength(-1, "{}"), "its header claims 18446744073709551615 bytes");
    assertRefused(withLength(2, " {}"), "its header does not begin with '{'");
    assertRefused(withLength(2, "{["), "is not JSON");
    byte[] notUtf8 = withLength(3, "{a}");
    notUtf8[9] = (byte) 0xFF;
    assertRefused(notUtf8, "its header is not UTF-8");
    assertRefused(file("{\"a\":1}", 0), "tensor 'a' has type ''");
  }

  @Test
  void anyDamageIsRefusedOrHarmless() {
    byte[] sound = SafeTensors.write(Map.of("a", FloatTensor.of(List.of(2, 3), new float[6])));
    long seed = 20;
    Random random = new Random(seed);
    for (int round = 0; round < 20_000; round++) {
      byte[] damaged = sound.clone();
      for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      try {
        SafeTensors.read(damaged, "file").values().forEach(t -> assertThat(t.size()).isEqualTo(6));
      } catch (LakestillException e) {
        assertThat(e.exitCode()).as("seed %d round %d", seed, round).isEqualTo(ExitCode.BAD_INPUT);
      }
    }
  }

  @Test
  void aTensorCannotTakeTheNameOfTheMetadata() {
    assertThatThrownBy(
            () ->
                SafeTensors.write(Map.of("__metadata__", FloatTensor.of(List.of(1), new float[1]))))
        .hasMessage("no tensor may be named '__metadata__'");
  }

  private static String tensor(String name, String type, String shape, long begin, long end) {
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}}"
        .formatted(name, type, shape, begin, end);
  }

  private static byte[] file(String header, int data) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + json.length + data)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .array();
  }

  private static byte[] withLength(long length, String rest) {
    byte[] bytes = rest.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + bytes.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(length)
        .put(bytes)
        .array();
  }

  private static void assertRefused(byte[] file, String reason) {
    assertThatThrownBy(() -> SafeTensors.read(file, "file"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining("'file'")
        .hasMessageContaining(reason);
  }
}
