package io.lakestill.teacher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a file that came from anywhere may make this machine read, and how much of it. */
class OnnxFileTest {
  private static final int WIDTH = 6;
  private static final int HIDDEN = 3;
  private static final int CLASSES = 4;

  @TempDir private Path folder;
  private Path models;
  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private final float[] first = floats(WIDTH * HIDDEN);
  private final byte[] whole =
      OnnxModels.withInput(WIDTH).linear(first, HIDDEN, floats(HIDDEN * CLASSES), CLASSES);

  @BeforeEach
  void makeFolder() throws IOException {
    models = Files.createDirectory(folder.resolve("models"));
  }

  @Test
  void takesInWeightsThatLieBesideTheModel() throws IOException {
    byte[] before = new byte[5];
    write("model.onnx.data", concat(before, littleEndian(first)));
    write("model.onnx", external(Map.of("location", "model.onnx.data", "offset", "5")));

    OnnxFile read = read("model.onnx");

    float[] rows = floats(2 * WIDTH);
    assertThat(logits(read, rows))
        .as("seed %d", seed)
        .containsExactly(logits(OnnxFile.of(whole, "whole.onnx"), rows));
    assertThat(OnnxFile.of(read.bytes(), "again").sha256()).isEqualTo(read.sha256());
    write("model.onnx.data", concat(before, littleEndian(floats(first.length))));
    assertThat(read("model.onnx").sha256()).as("other weights").isNotEqualTo(read.sha256());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../secret.bin",
        "/etc/passwd",
        "sub/weights.bin",
        "..",
        ".",
        "",
        ".hidden",
        "C:\\weights.bin",
        "hdfs://host/weights.bin",
        "weights.bin\u0000",
        "~/weights.bin"
      })
  void readsNothingUnderANameThatIsNotPlain(String location) throws IOException {
    Files.write(folder.resolve("secret.bin"), littleEndian(first));
    write("model.onnx", external(Map.of("location", location)));

    assertRefused(
        () -> read("model.onnx"),
        "keeps the weights of 'first' in '" + location + "'; only a file beside it is read");
  }

  @Test
  void followsNoLinkOutOfTheFolder() throws IOException {
    Files.write(folder.resolve("secret.bin"), littleEndian(first));
    Files.createSymbolicLink(models.resolve("weights.bin"), folder.resolve("secret.bin"));
    write("model.onnx", external(Map.of("location", "weights.bin")));

    assertRefused(() -> read("model.onnx"), "'weights.bin', which is no file of its folder");

    write("real.bin", littleEndian(first));
    Files.delete(models.resolve("weights.bin"));
    Files.createSymbolicLink(models.resolve("weights.bin"), models.resolve("real.bin"));
    assertThat(read("model.onnx").parameters()).isEqualTo(WIDTH * HIDDEN + HIDDEN * CLASSES);
  }

  @Test
  void refusesAFolderWhereWeightsShouldBe() throws IOException {
    Files.createDirectory(models.resolve("weights.bin"));
    write("model.onnx", external(Map.of("location", "weights.bin")));

    assertRefused(() -> read("model.onnx"), "'weights.bin', which is no file of its folder");
  }

  @Test
  void refusesWeightsThatAreNotThereOrTooFew() throws IOException {
    write("model.onnx", external(Map.of("location", "weights.bin", "offset", "4")));
    assertRefused(() -> read("model.onnx"), "'weights.bin', which is not there.");

    write("weights.bin", littleEndian(first));
    assertRefused(
        () -> read("model.onnx"),
        "'weights.bin', which has 72 bytes, and 72 from 4 on are asked for.");
  }

  @Test
  void refusesPlacesThatAreNoNumbers() throws IOException {
    write("weights.bin", littleEndian(first));
    for (String offset : new String[] {"-1", "1e3", "9223372036854775808"}) {
      write("model.onnx", external(Map.of("location", "weights.bin", "offset", offset)));
      assertRefused(
          () -> read("model.onnx"), "lie by '" + offset + "', which is no number of bytes");
    }
    write("model.onnx", external(Map.of("location", "weights.bin", "length", "8")));
    assertRefused(
        () -> read("model.onnx"), "declares the shape [6, 3], 72 bytes, and takes 8 of 'weights");
  }

  @Test
  void refusesTenGigabytesOfWeightsUnread() throws IOException {
    try (RandomAccessFile sparse =
        new RandomAccessFile(models.resolve("weights.bin").toFile(), "rw")) {
      sparse.setLength(10L << 30);
    }
    byte[] model =
        changed(
            external(Map.of("location", "weights.bin")),
            tensor -> tensor.setDims(0, (10L << 30) / 4 / HIDDEN));
    write("model.onnx", model);

    assertRefused(
        () -> read("model.onnx"), "declares 10,737,418,236 bytes of weights in other files");
  }

  @Test
  void refusesAModelAboveTwoGibibytesUnread() throws IOException {
    try (RandomAccessFile sparse =
        new RandomAccessFile(models.resolve("model.onnx").toFile(), "rw")) {
      sparse.setLength(3L << 30);
    }

    assertRefused(
        () -> read("model.onnx"), "has 3221225472 bytes; Lakestill takes models up to 2 GiB.");
  }

  @Test
  void refusesATensorThatDeclaresMoreThanTheFileHolds() {
    byte[] huge = changed(whole, tensor -> tensor.setDims(0, 1L << 30));
    assertRefused(
        () -> OnnxFile.of(huge, "huge.onnx"),
        "Tensor 'first' of ONNX file 'huge.onnx' declares the shape [1073741824, 3],"
            + " 12,884,901,888 bytes, and does not hold that many; the file is damaged.");

    byte[] raw =
        changed(
            whole,
            tensor ->
                tensor
                    .clearFloatData()
                    .setRawData(ByteString.copyFrom(littleEndian(first), 0, 68)));
    assertRefused(() -> OnnxFile.of(raw, "raw.onnx"), "72 bytes, and does not hold that many");

    for (long size : new long[] {-1, 1L << 62}) {
      byte[] absurd = changed(whole, tensor -> tensor.setDims(0, size));
      assertRefused(() -> OnnxFile.of(absurd, "absurd.onnx"), "which is no size");
    }
  }

  @Test
  void findsWeightsElsewhereAlsoInConstantsOfBranches() throws IOException {
    write("weights.bin", littleEndian(first));
    ModelProto.Builder model = ModelProto.parseFrom(whole).toBuilder();
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName("inner")
            .setDataType(TensorProto.DataType.FLOAT_VALUE)
            .addDims(1)
            .setDataLocation(TensorProto.DataLocation.EXTERNAL);
    tensor.addExternalDataBuilder().setKey("location").setValue("weights.bin");
    model
        .getGraphBuilder()
        .addNodeBuilder()
        .setOpType("If")
        .addAttribute(
            AttributeProto.newBuilder()
                .setName("then_branch")
                .setType(AttributeProto.AttributeType.GRAPH)
                .setG(model.getGraph().toBuilder().clearNode().addInitializer(tensor)));
    write("model.onnx", model.build().toByteArray());

    assertRefused(
        () -> read("model.onnx"), "keeps the weights of 'inner' in another file; save the model");
  }

  private void assertRefused(ThrowingCallable reading, String message) {
    assertThatThrownBy(reading)
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining(message);
  }

  private byte[] external(Map<String, String> entries) {
    return changed(
        whole,
        tensor -> {
          tensor.clearFloatData().setDataLocation(TensorProto.DataLocation.EXTERNAL);
          entries.forEach(
              (key, value) -> tensor.addExternalDataBuilder().setKey(key).setValue(value));
        });
  }

  /** The same model with another tensor of the first weights. */
  private static byte[] changed(byte[] model, Consumer<TensorProto.Builder> change) {
    try {
      ModelProto.Builder builder = ModelProto.parseFrom(model).toBuilder();
      change.accept(builder.getGraphBuilder().getInitializerBuilder(0));
      return builder.build().toByteArray();
    } catch (IOException e) {
      throw new AssertionError("The fixture is not ONNX", e);
    }
  }

  private static float[] logits(OnnxFile file, float[] rows) {
    try (OnnxModel model = OnnxModel.open(file);
        OnnxRunner runner = model.runner("image", new long[] {WIDTH}, List.of("logits"), 2)) {
      float[][] results = runner.outputArrays();
      runner.run(rows, 2, results);
      return results[0];
    }
  }

  private OnnxFile read(String name) {
    return OnnxFile.read(
        new org.apache.hadoop.fs.Path(models.resolve(name).toString()), new Configuration());
  }

  private void write(String name, byte[] bytes) throws IOException {
    Files.write(models.resolve(name), bytes);
  }

  private static byte[] littleEndian(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  private static byte[] concat(byte[] one, byte[] other) {
    return ByteBuffer.allocate(one.length + other.length).put(one).put(other).array();
  }

  private float[] floats(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
