package io.lakestill.teacher;

import ai.onnx.proto.OnnxMl;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Counts the trained numbers of an ONNX graph: every value of a floating-point initializer, and of
 * a floating-point {@code Constant} tensor of more than one value that is an input of a {@code
 * MatMul}, {@code Gemm} or {@code Conv} itself, as some exporters store weights. Running means and
 * variances (inputs 3 and 4 of {@code BatchNormalization}) are measured, not trained, and are left
 * out.
 *
 * <p>ONNX says no more about what was trained. Other constants that an exporter stores as
 * initializers count; weights inside subgraphs do not.
 */
final class OnnxParameters {
  private static final Set<Integer> FLOATING_POINT =
      Set.of(
          OnnxMl.TensorProto.DataType.FLOAT_VALUE,
          OnnxMl.TensorProto.DataType.DOUBLE_VALUE,
          OnnxMl.TensorProto.DataType.FLOAT16_VALUE,
          OnnxMl.TensorProto.DataType.BFLOAT16_VALUE);

  private static final Set<String> WEIGHTED = Set.of("MatMul", "Gemm", "Conv");
  private static final int RUNNING_MEAN = 3;

  private OnnxParameters() {}

  static long count(OnnxMl.GraphProto graph) {
    Map<String, Long> sizes = new HashMap<>();
    for (OnnxMl.TensorProto tensor : graph.getInitializerList()) {
      if (isFloatingPoint(tensor)) {
        sizes.put(tensor.getName(), size(tensor));
      }
    }
    sizes.keySet().removeAll(runningStatistics(graph));
    return sum(sizes.values()) + sum(constantWeights(graph).values());
  }

  private static Set<String> runningStatistics(OnnxMl.GraphProto graph) {
    Set<String> names = new HashSet<>();
    for (OnnxMl.NodeProto node : graph.getNodeList()) {
      if (node.getOpType().equals("BatchNormalization")) {
        node.getInputList().stream().skip(RUNNING_MEAN).forEach(names::add);
      }
    }
    return names;
  }

  private static Map<String, Long> constantWeights(OnnxMl.GraphProto graph) {
    Set<String> used = new HashSet<>();
    for (OnnxMl.NodeProto node : graph.getNodeList()) {
      if (WEIGHTED.contains(node.getOpType())) {
        used.addAll(node.getInputList());
      }
    }
    Map<String, Long> sizes = new HashMap<>();
    for (OnnxMl.NodeProto node : graph.getNodeList()) {
      if (node.getOpType().equals("Constant") && used.contains(node.getOutput(0))) {
        node.getAttributeList().stream()
            .filter(OnnxMl.AttributeProto::hasT)
            .map(OnnxMl.AttributeProto::getT)
            .filter(tensor -> isFloatingPoint(tensor) && size(tensor) > 1)
            .forEach(tensor -> sizes.put(node.getOutput(0), size(tensor)));
      }
    }
    return sizes;
  }

  private static boolean isFloatingPoint(OnnxMl.TensorProto tensor) {
    return FLOATING_POINT.contains(tensor.getDataType());
  }

  private static long size(OnnxMl.TensorProto tensor) {
    return tensor.getDimsList().stream().reduce(1L, Math::multiplyExact);
  }

  private static long sum(Collection<Long> sizes) {
    return sizes.stream().mapToLong(Long::longValue).sum();
  }
}
