package io.lakestill.teacher;

import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.lakestill.error.Errors;
import java.util.Map;

/** How large a tensor says it is, and how large it is: a file that lies is refused unread. */
final class TensorSize {
  private static final Map<Integer, Integer> BITS =
      Map.ofEntries(
          Map.entry(DataType.FLOAT_VALUE, 32),
          Map.entry(DataType.UINT8_VALUE, 8),
          Map.entry(DataType.INT8_VALUE, 8),
          Map.entry(DataType.UINT16_VALUE, 16),
          Map.entry(DataType.INT16_VALUE, 16),
          Map.entry(DataType.INT32_VALUE, 32),
          Map.entry(DataType.INT64_VALUE, 64),
          Map.entry(DataType.BOOL_VALUE, 8),
          Map.entry(DataType.FLOAT16_VALUE, 16),
          Map.entry(DataType.DOUBLE_VALUE, 64),
          Map.entry(DataType.UINT32_VALUE, 32),
          Map.entry(DataType.UINT64_VALUE, 64),
          Map.entry(DataType.COMPLEX64_VALUE, 64),
          Map.entry(DataType.COMPLEX128_VALUE, 128),
          Map.entry(DataType.BFLOAT16_VALUE, 16),
          Map.entry(DataType.FLOAT8E4M3FN_VALUE, 8),
          Map.entry(DataType.FLOAT8E4M3FNUZ_VALUE, 8),
          Map.entry(DataType.FLOAT8E5M2_VALUE, 8),
          Map.entry(DataType.FLOAT8E5M2FNUZ_VALUE, 8),
          Map.entry(DataType.UINT4_VALUE, 4),
          Map.entry(DataType.INT4_VALUE, 4));

  private TensorSize() {}

  /**
   * The bytes that its shape and type ask for.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when that is no size, or of a type that
   *     has none
   */
  static long declared(TensorProto tensor, String origin) {
    Integer bits = BITS.get(tensor.getDataType());
    if (bits == null) {
      throw Errors.badInput(
          "Tensor '%s' of ONNX file '%s' is of a type that has no fixed size (%d of TensorProto)."
              .formatted(tensor.getName(), origin, tensor.getDataType()));
    }
    try {
      long values = values(tensor);
      return values / 8 * bits + (values % 8 * bits + 7) / 8;
    } catch (ArithmeticException e) {
      throw Errors.badInput(
          ("Tensor '%s' of ONNX file '%s' declares the shape %s, which is no size; the file is"
                  + " damaged.")
              .formatted(tensor.getName(), origin, tensor.getDimsList()),
          e);
    }
  }

  /** At most 2^55, so that any width of a value can be multiplied on. */
  private static long values(TensorProto tensor) {
    long values = 1;
    for (long size : tensor.getDimsList()) {
      values = Math.multiplyExact(values, size);
      if (size < 0 || values > 1L << 55) {
        throw new ArithmeticException("size " + size);
      }
    }
    return values;
  }

  /**
   * A tensor inside the file holds what it declares, so nobody makes room for more than the file is
   * large. Texts and types that are not known here are left to ONNX Runtime.
   *
   * @throws io.lakestill.error.LakestillException (exit 3) when it does not
   */
  static void requireWhole(TensorProto tensor, String origin) {
    if (!BITS.containsKey(tensor.getDataType())) {
      return;
    }
    long declared = declared(tensor, origin);
    long asked = tensor.hasRawData() ? declared : asked(tensor, declared);
    if (held(tensor) != asked) {
      throw Errors.badInput(
          ("Tensor '%s' of ONNX file '%s' declares the shape %s, %,d bytes, and does not hold that"
                  + " many; the file is damaged.")
              .formatted(tensor.getName(), origin, tensor.getDimsList(), declared));
    }
  }

  /** Bytes, or values of the field of its type. */
  private static long held(TensorProto tensor) {
    if (tensor.hasRawData()) {
      return tensor.getRawData().size();
    }
    return switch (tensor.getDataType()) {
      case DataType.FLOAT_VALUE, DataType.COMPLEX64_VALUE -> tensor.getFloatDataCount();
      case DataType.DOUBLE_VALUE, DataType.COMPLEX128_VALUE -> tensor.getDoubleDataCount();
      case DataType.INT64_VALUE -> tensor.getInt64DataCount();
      case DataType.UINT32_VALUE, DataType.UINT64_VALUE -> tensor.getUint64DataCount();
      default -> tensor.getInt32DataCount();
    };
  }

  /** Values of the field of its type: real and imaginary parts count, 4 bits share a byte. */
  private static long asked(TensorProto tensor, long bytes) {
    return switch (tensor.getDataType()) {
      case DataType.COMPLEX64_VALUE -> bytes / 4;
      case DataType.COMPLEX128_VALUE -> bytes / 8;
      case DataType.UINT4_VALUE, DataType.INT4_VALUE -> bytes;
      default -> bytes * 8 / BITS.get(tensor.getDataType());
    };
  }
}
