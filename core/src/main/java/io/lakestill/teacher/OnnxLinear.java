package io.lakestill.teacher;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import io.lakestill.error.Errors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A linear layer inside an ONNX model: {@code output = input W^T + b} for each row.
 *
 * @param out the values it gives
 * @param in the values it reads
 * @param weight {@code W}, {@code [out, in]}, row-major
 * @param bias {@code b}, {@code [out]}, if it has one
 */
@SuppressWarnings("ArrayRecordComponent") // Compared by nobody.
public record OnnxLinear(int out, int in, float[] weight, Optional<float[]> bias) {

  /**
   * Finds the {@code Gemm}, {@code MatMul} or {@code Add} of a {@code MatMul} that makes one tensor
   * of another, with numbers that the file holds.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when there is none; the message says
   *     what makes the output instead
   */
  static OnnxLinear between(GraphProto graph, String input, String output, String origin) {
    return new Finder(graph, input, output, origin).find();
  }

  /** A matrix that the file holds, row-major. */
  private record Matrix(int rows, int columns, float[] values) {
    Matrix transposed() {
      float[] swapped = new float[values.length];
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
          swapped[column * rows + row] = values[row * columns + column];
        }
      }
      return new Matrix(columns, rows, swapped);
    }

    Matrix times(double factor) {
      float[] scaled = values.clone();
      for (int i = 0; i < scaled.length; i++) {
        scaled[i] *= (float) factor;
      }
      return new Matrix(rows, columns, scaled);
    }
  }

  private static final class Finder {
    private final Map<String, NodeProto> makers = new HashMap<>();
    private final Map<String, TensorProto> constants = new HashMap<>();
    private final String input;
    private final String output;
    private final String origin;

    Finder(GraphProto graph, String input, String output, String origin) {
      this.input = input;
      this.output = output;
      this.origin = origin;
      graph.getInitializerList().forEach(tensor -> constants.put(tensor.getName(), tensor));
      for (NodeProto node : graph.getNodeList()) {
        node.getOutputList().forEach(made -> makers.put(made, node));
        if (node.getOpType().equals("Constant")) {
          attribute(node, "value")
              .filter(AttributeProto::hasT)
              .ifPresent(value -> constants.put(node.getOutput(0), value.getT()));
        }
      }
    }

    OnnxLinear find() {
      NodeProto last = maker(output);
      return switch (last.getOpType()) {
        case "Gemm" -> gemm(last);
        case "MatMul" -> product(last, Optional.empty());
        case "Add" -> sum(last);
        default -> throw refused("%s gives '%s'".formatted(last.getOpType(), output));
      };
    }

    private NodeProto maker(String tensor) {
      NodeProto maker = makers.get(original(tensor));
      if (maker == null) {
        throw refused("no node gives '%s'".formatted(tensor));
      }
      return maker;
    }

    /** The tensor that {@code Identity} nodes only call otherwise. */
    private String original(String tensor) {
      String name = tensor;
      // No more names than nodes, also where a damaged file's nodes go round in a ring.
      for (int hops = 0; hops < makers.size() && isMadeBy(name, "Identity"); hops++) {
        name = makers.get(name).getInput(0);
      }
      return name;
    }

    private boolean isMadeBy(String tensor, String operator) {
      NodeProto maker = makers.get(tensor);
      return maker != null && maker.getOpType().equals(operator);
    }

    private OnnxLinear gemm(NodeProto gemm) {
      if (number(gemm, "transA", 0) != 0) {
        throw refused("Gemm transposes '%s'".formatted(gemm.getInput(0)));
      }
      requireInput(gemm.getInput(0));
      Matrix given = matrix(gemm.getInput(1));
      Matrix weight = number(gemm, "transB", 0) == 0 ? given.transposed() : given;
      Optional<Matrix> bias =
          gemm.getInputCount() > 2 && !gemm.getInput(2).isEmpty()
              ? Optional.of(row(gemm.getInput(2), weight.rows()).times(number(gemm, "beta", 1)))
              : Optional.empty();
      return linear(weight.times(number(gemm, "alpha", 1)), bias);
    }

    private OnnxLinear product(NodeProto product, Optional<String> bias) {
      requireInput(product.getInput(0));
      Matrix weight = matrix(product.getInput(1)).transposed();
      return linear(weight, bias.map(name -> row(name, weight.rows())));
    }

    private OnnxLinear sum(NodeProto sum) {
      boolean first = isProduct(sum.getInput(0));
      if (!first && !isProduct(sum.getInput(1))) {
        throw refused("Add gives '%s', and none of its inputs is a MatMul".formatted(output));
      }
      return product(maker(sum.getInput(first ? 0 : 1)), Optional.of(sum.getInput(first ? 1 : 0)));
    }

    private boolean isProduct(String tensor) {
      return isMadeBy(original(tensor), "MatMul");
    }

    private static OnnxLinear linear(Matrix weight, Optional<Matrix> bias) {
      return new OnnxLinear(
          weight.rows(), weight.columns(), weight.values(), bias.map(Matrix::values));
    }

    private void requireInput(String read) {
      if (!original(read).equals(original(input))) {
        throw refused("the layer that gives '%s' reads '%s'".formatted(output, read));
      }
    }

    /** A constant of two axes, also one that a node transposes. */
    private Matrix matrix(String name) {
      String source = original(name);
      if (!isMadeBy(source, "Transpose")) {
        return stored(source);
      }
      NodeProto transpose = makers.get(source);
      Matrix inner = stored(original(transpose.getInput(0)));
      boolean swaps =
          attribute(transpose, "perm")
              .map(axes -> axes.getIntsList().equals(List.of(1L, 0L)))
              .orElse(true);
      return swaps ? inner.transposed() : inner;
    }

    private Matrix stored(String name) {
      TensorProto tensor = constant(name);
      if (tensor.getDimsCount() != 2) {
        throw refused("'%s' is of shape %s, no matrix".formatted(name, tensor.getDimsList()));
      }
      return new Matrix(
          Math.toIntExact(tensor.getDims(0)), Math.toIntExact(tensor.getDims(1)), values(tensor));
    }

    /** A constant that is added to each row: one value for each column, or one for all. */
    private Matrix row(String name, int width) {
      TensorProto tensor = constant(original(name));
      float[] values = values(tensor);
      boolean oneRow =
          tensor.getDimsList().stream()
              .limit(Math.max(0, tensor.getDimsCount() - 1L))
              .allMatch(size -> size == 1);
      if (!oneRow || (values.length != width && values.length != 1)) {
        throw refused(
            "'%s' is of shape %s, no bias of %d".formatted(name, tensor.getDimsList(), width));
      }
      float[] row = values;
      if (values.length != width) {
        row = new float[width];
        Arrays.fill(row, values[0]);
      }
      return new Matrix(1, width, row);
    }

    private TensorProto constant(String name) {
      TensorProto constant = constants.get(name);
      if (constant == null) {
        NodeProto maker = makers.get(name);
        throw refused(
            "its weight or bias '%s' is no constant, but %s"
                .formatted(
                    name, maker == null ? "an input" : "the result of " + maker.getOpType()));
      }
      return constant;
    }

    private float[] values(TensorProto tensor) {
      int count = Math.toIntExact(tensor.getDimsList().stream().reduce(1L, Math::multiplyExact));
      float[] values = new float[count];
      ByteBuffer raw =
          ByteBuffer.wrap(tensor.getRawData().toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
      boolean packed = tensor.hasRawData();
      switch (tensor.getDataType()) {
        case TensorProto.DataType.FLOAT_VALUE -> {
          for (int i = 0; i < count; i++) {
            values[i] = packed ? raw.getFloat() : tensor.getFloatData(i);
          }
        }
        case TensorProto.DataType.DOUBLE_VALUE -> {
          for (int i = 0; i < count; i++) {
            values[i] = (float) (packed ? raw.getDouble() : tensor.getDoubleData(i));
          }
        }
        default ->
            throw refused(
                "'%s' is of %s, neither FLOAT nor DOUBLE"
                    .formatted(
                        tensor.getName(), TensorProto.DataType.forNumber(tensor.getDataType())));
      }
      return values;
    }

    private static Optional<AttributeProto> attribute(NodeProto node, String name) {
      return node.getAttributeList().stream()
          .filter(attribute -> attribute.getName().equals(name))
          .findFirst();
    }

    private static double number(NodeProto node, String name, double absent) {
      return attribute(node, name)
          .map(
              found ->
                  found.getType() == AttributeProto.AttributeType.INT
                      ? (double) found.getI()
                      : found.getF())
          .orElse(absent);
    }

    private RuntimeException refused(String found) {
      return Errors.badInput(
          "Model '%s' does not make '%s' of '%s' by one linear layer of constant weights: %s."
              .formatted(origin, output, input, found));
    }
  }
}
