package io.lakestill.teacher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import io.lakestill.error.ExitCode;
import io.lakestill.error.LakestillException;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeclaredShapesTest {
  @Test
  void aRowIsWhatFollowsTheBatch() {
    assertThat(DeclaredShapes.row(declaring(0, 3, 7), "map")).contains(List.of(3, 7));
    assertThat(DeclaredShapes.row(declaring(0, 3, 0), "map")).isEmpty();
    assertThat(DeclaredShapes.row(declaring(5), "map")).contains(List.of(1));
  }

  @Test
  void aSizeThatNoRowHasIsRefused() {
    GraphProto graph = declaring(0, 1L << 31);
    assertThatThrownBy(() -> DeclaredShapes.row(graph, "map"))
        .isInstanceOfSatisfying(
            LakestillException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining("declares tensor 'map' with 2147483648 values along one axis");
  }

  private static GraphProto declaring(long... sizes) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (long size : sizes) {
      shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(size));
    }
    TypeProto.Tensor tensor = TypeProto.Tensor.newBuilder().setShape(shape).build();
    return GraphProto.newBuilder()
        .addOutput(
            ValueInfoProto.newBuilder()
                .setName("map")
                .setType(TypeProto.newBuilder().setTensorType(tensor)))
        .build();
  }
}
