package io.lakestill.teacher;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import io.lakestill.error.Errors;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What a model's file says of the shapes of its tensors, without running it. */
final class DeclaredShapes {
  private DeclaredShapes() {}

  /**
   * The shape of one row, without the batch axis; {@code [1]} for one value per row.
   *
   * @return empty when the file says nothing of the tensor, or leaves a size but the batch open
   * @throws io.lakestill.error.LakestillException (exit 3) when a size is above 2^31 - 1
   */
  static Optional<List<Integer>> row(GraphProto graph, String tensor) {
    return Stream.concat(graph.getOutputList().stream(), graph.getValueInfoList().stream())
        .filter(declared -> declared.getName().equals(tensor))
        .findFirst()
        .flatMap(DeclaredShapes::row);
  }

  private static Optional<List<Integer>> row(ValueInfoProto declared) {
    if (!declared.getType().hasTensorType() || !declared.getType().getTensorType().hasShape()) {
      return Optional.empty();
    }
    List<Dimension> all = declared.getType().getTensorType().getShape().getDimList();
    if (all.isEmpty()) {
      return Optional.empty();
    }
    List<Dimension> row = all.subList(1, all.size());
    if (!row.stream().allMatch(size -> size.getDimValue() > 0)) {
      return Optional.empty();
    }
    return Optional.of(
        row.isEmpty()
            ? List.of(1)
            : row.stream().map(size -> size(size.getDimValue(), declared.getName())).toList());
  }

  private static int size(long declared, String tensor) {
    if (declared > Integer.MAX_VALUE) {
      throw Errors.badInput(
          ("The ONNX file declares tensor '%s' with %d values along one axis of a row, more than a"
                  + " row can have; name another tensor, or correct the file.")
              .formatted(tensor, declared));
    }
    return (int) declared;
  }
}
