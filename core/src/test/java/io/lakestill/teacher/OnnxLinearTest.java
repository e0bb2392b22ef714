package io.lakestill.teacher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is read of a file as its last layer is what ONNX Runtime computes with it. */
class OnnxLinearTest {
  private static final int WIDTH = 6;
  private static final int HIDDEN = 3;
  private static final int CLASSES = 4;

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);

  /** The same first layer, and whatever makes {@code logits} of {@code embedding}. */
  private OnnxFile model(Consumer<GraphProto.Builder> last) {
    byte[] whole =
        OnnxModels.withInput(WIDTH)
            .linear(floats(WIDTH * HIDDEN), HIDDEN, floats(HIDDEN * CLASSES), CLASSES);
    try {
      ModelProto.Builder model = ModelProto.parseFrom(whole).toBuilder();
      GraphProto.Builder graph = model.getGraphBuilder();
      graph.removeNode(graph.getNodeCount() - 1).removeInitializer(1);
      last.accept(graph);
      return OnnxFile.of(model.build().toByteArray(), "teacher.onnx");
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError("The fixture is not ONNX", e);
    }
  }

  private float[] floats(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private TensorProto tensor(String name, long... dims) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName(name).setDataType(TensorProto.DataType.FLOAT_VALUE);
    int count = 1;
    for (long size : dims) {
      tensor.addDims(size);
      count *= (int) size;
    }
    for (float value : floats(count)) {
      tensor.addFloatData(value);
    }
    return tensor.build();
  }

  private static TensorProto raw(TensorProto tensor) {
    ByteBuffer bytes =
        ByteBuffer.allocate(4 * tensor.getFloatDataCount()).order(ByteOrder.LITTLE_ENDIAN);
    tensor.getFloatDataList().forEach(bytes::putFloat);
    return tensor.toBuilder()
        .clearFloatData()
        .setRawData(ByteString.copyFrom(bytes.array()))
        .build();
  }

  private static NodeProto.Builder node(String operator, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setOpType(operator)
        .addOutput(output)
        .addAllInput(List.of(inputs));
  }

  private static NodeProto.Builder constant(TensorProto value) {
    return NodeProto.newBuilder()
        .setOpType("Constant")
        .addOutput(value.getName())
        .addAttribute(
            AttributeProto.newBuilder()
                .setName("value")
                .setType(AttributeProto.AttributeType.TENSOR)
                .setT(value));
  }

  private static AttributeProto integer(String name, int value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  private static AttributeProto number(String name, float value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.FLOAT)
        .setF(value)
        .build();
  }

  private static Arguments of(String what, LastLayer last) {
    return Arguments.of(what, last);
  }

  /** Adds the nodes and tensors of a last layer. */
  private interface LastLayer {
    void addTo(GraphProto.Builder graph, OnnxLinearTest test);
  }

  static Stream<Arguments> layers() {
    return Stream.of(
        of(
            "Gemm of an [out, in] matrix",
            (graph, test) ->
                graph
                    .addInitializer(test.tensor("w", CLASSES, HIDDEN))
                    .addInitializer(test.tensor("b", CLASSES))
                    .addNode(
                        node("Gemm", "logits", "embedding", "w", "b")
                            .addAttribute(integer("transB", 1)))),
        of(
            "Gemm of an [in, out] matrix with alpha and beta",
            (graph, test) ->
                graph
                    .addInitializer(raw(test.tensor("w", HIDDEN, CLASSES)))
                    .addInitializer(raw(test.tensor("b", 1, CLASSES)))
                    .addNode(
                        node("Gemm", "logits", "embedding", "w", "b")
                            .addAttribute(number("alpha", 0.5f))
                            .addAttribute(number("beta", -3f)))),
        of(
            "Gemm with one bias for all",
            (graph, test) ->
                graph
                    .addInitializer(test.tensor("w", HIDDEN, CLASSES))
                    .addInitializer(test.tensor("b"))
                    .addNode(node("Gemm", "logits", "embedding", "w", "b"))),
        of(
            "Gemm without a bias, of constants, under another name",
            (graph, test) ->
                graph
                    .addNode(constant(test.tensor("w", HIDDEN, CLASSES)))
                    .addNode(node("Identity", "same", "embedding"))
                    .addNode(node("Gemm", "made", "same", "w"))
                    .addNode(node("Identity", "logits", "made"))),
        of(
            "MatMul",
            (graph, test) ->
                graph
                    .addInitializer(test.tensor("w", HIDDEN, CLASSES))
                    .addNode(node("MatMul", "logits", "embedding", "w"))),
        of(
            "MatMul of a transposed matrix, then Add",
            (graph, test) ->
                graph
                    .addInitializer(test.tensor("w", CLASSES, HIDDEN))
                    .addInitializer(test.tensor("b", CLASSES))
                    .addNode(node("Transpose", "turned", "w"))
                    .addNode(node("MatMul", "product", "embedding", "turned"))
                    .addNode(node("Add", "logits", "product", "b"))),
        of(
            "Add, the bias first",
            (graph, test) ->
                graph
                    .addInitializer(test.tensor("w", HIDDEN, CLASSES))
                    .addNode(constant(test.tensor("b", 1, CLASSES)))
                    .addNode(node("MatMul", "product", "embedding", "w"))
                    .addNode(node("Add", "logits", "b", "product"))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("layers")
  void isWhatTheModelComputes(String what, LastLayer last) {
    OnnxFile file = model(graph -> last.addTo(graph, this));
    OnnxLinear layer = file.linear("embedding", "logits");
    assertThat(layer.out()).isEqualTo(CLASSES);
    assertThat(layer.in()).isEqualTo(HIDDEN);

    float[][] outputs;
    try (OnnxModel model = OnnxModel.open(file);
        OnnxRunner runner =
            model.runner("image", new long[] {WIDTH}, List.of("embedding", "logits"), 5)) {
      outputs = runner.outputArrays();
      runner.run(floats(5 * WIDTH), 5, outputs);
    }
    float[] computed = new float[5 * CLASSES];
    for (int i = 0; i < computed.length; i++) {
      int row = i / CLASSES;
      int c = i % CLASSES;
      double sum = layer.bias().map(bias -> (double) bias[c]).orElse(0.0);
      for (int d = 0; d < HIDDEN; d++) {
        sum += layer.weight()[c * HIDDEN + d] * outputs[0][row * HIDDEN + d];
      }
      computed[i] = (float) sum;
    }
    assertThat(computed).as("%s, seed %d", what, seed).containsExactly(outputs[1], offset(1e-4f));
  }

  static Stream<Arguments> others() {
    return Stream.of(
        Arguments.of(
            "Relu gives 'logits'",
            (LastLayer) (graph, test) -> graph.addNode(node("Relu", "logits", "embedding"))),
        Arguments.of(
            "the layer that gives 'logits' reads 'sure'",
            (LastLayer)
                (graph, test) ->
                    graph
                        .addInitializer(test.tensor("w", HIDDEN, CLASSES))
                        .addNode(node("Relu", "sure", "embedding"))
                        .addNode(node("MatMul", "logits", "sure", "w"))),
        Arguments.of(
            "its weight or bias 'w' is no constant, but the result of Relu",
            (LastLayer)
                (graph, test) ->
                    graph
                        .addInitializer(test.tensor("v", HIDDEN, CLASSES))
                        .addNode(node("Relu", "w", "v"))
                        .addNode(node("MatMul", "logits", "embedding", "w"))),
        Arguments.of(
            "Add gives 'logits', and none of its inputs is a MatMul",
            (LastLayer) (graph, test) -> graph.addNode(node("Add", "logits", "flat", "flat"))),
        Arguments.of(
            "'b' is of shape [2], no bias of 4",
            (LastLayer)
                (graph, test) ->
                    graph
                        .addInitializer(test.tensor("w", HIDDEN, CLASSES))
                        .addInitializer(test.tensor("b", 2))
                        .addNode(node("Gemm", "logits", "embedding", "w", "b"))),
        Arguments.of(
            "no node gives 'logits'",
            (LastLayer) (graph, test) -> graph.addNode(node("Relu", "other", "embedding"))),
        Arguments.of(
            "'w' is of FLOAT16, neither FLOAT nor DOUBLE",
            (LastLayer)
                (graph, test) ->
                    graph
                        .addInitializer(
                            TensorProto.newBuilder()
                                .setName("w")
                                .setDataType(TensorProto.DataType.FLOAT16_VALUE)
                                .addDims(HIDDEN)
                                .addDims(1)
                                .setRawData(ByteString.copyFrom(new byte[2 * HIDDEN])))
                        .addNode(node("MatMul", "logits", "embedding", "w"))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("others")
  void saysWhatThereIsInstead(String found, LastLayer last) {
    OnnxFile file = model(graph -> last.addTo(graph, this));
    assertThatThrownBy(() -> file.linear("embedding", "logits"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessage(
            "Model 'teacher.onnx' does not make 'logits' of 'embedding' by one linear layer of"
                + " constant weights: "
                + found
                + ".");
  }

  @Test
  void endsWhereNodesGoRoundInARing() {
    OnnxFile file =
        model(
            graph ->
                graph
                    .addNode(node("Identity", "logits", "ring"))
                    .addNode(node("Identity", "ring", "logits")));
    assertThatThrownBy(() -> file.linear("embedding", "logits"))
        .isInstanceOf(LakestillException.class)
        .hasMessageContaining("Identity gives 'logits'");
  }
}
