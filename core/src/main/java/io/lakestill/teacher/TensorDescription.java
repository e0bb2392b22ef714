package io.lakestill.teacher;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * An input or output of a model, as the model declares it.
 *
 * @param name its name
 * @param type its element type in lower case, such as {@code float}, or what it is instead of a
 *     tensor
 * @param sizes the size of each axis, -1 where it is free
 * @param axes the same for people: the number, or the name the model gives a free axis
 */
public record TensorDescription(String name, String type, List<Long> sizes, List<String> axes) {
  private static final long FREE = -1;

  public TensorDescription {
    sizes = List.copyOf(sizes);
    axes = List.copyOf(axes);
  }

  static TensorDescription of(NodeInfo node) {
    if (!(node.getInfo() instanceof TensorInfo tensor)) {
      String type = node.getInfo().getClass().getSimpleName();
      return new TensorDescription(node.getName(), type, List.of(), List.of());
    }
    long[] shape = tensor.getShape();
    String[] names = tensor.getDimensionNames();
    List<Long> sizes = new ArrayList<>();
    List<String> axes = new ArrayList<>();
    for (int i = 0; i < shape.length; i++) {
      boolean free = shape[i] < 0;
      sizes.add(free ? FREE : shape[i]);
      axes.add(!free ? Long.toString(shape[i]) : names[i].isEmpty() ? "?" : names[i]);
    }
    String type = tensor.type == OnnxJavaType.FLOAT ? "float" : tensor.type.name();
    return new TensorDescription(node.getName(), type.toLowerCase(Locale.ROOT), sizes, axes);
  }

  public boolean isFloat() {
    return type.equals("float");
  }

  public int rank() {
    return sizes.size();
  }

  /** True when the first axis, the batch, takes any number of rows. */
  public boolean hasFreeBatch() {
    return rank() > 0 && sizes.get(0) == FREE;
  }

  /** Such as {@code logits: float [batch, 10]}. */
  @Override
  public String toString() {
    return name + ": " + type + " " + axes;
  }
}
