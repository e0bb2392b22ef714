package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Requirements;
import io.lakestill.train.RowLayout;
import io.lakestill.train.RowLayout.Slot;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An objective's view of the two flat tensors that BigDL hands over: {@code output [rows, output
 * width]} and {@code target [rows, target width]}. Its arrays are made once for a number of rows
 * and refilled every step. Belongs to one thread.
 */
final class FlatBatch {
  /** One slot's own contiguous array beside its place in the flat row. */
  private record Part(Slot slot, float[] values) {}

  private final int rows;
  private final RowLayout outputs;
  private final RowLayout targets;
  private final List<Part> outputParts = new ArrayList<>();
  private final List<Part> targetParts = new ArrayList<>();
  private final List<Part> gradientParts = new ArrayList<>();
  private final int[] labels;
  private final Batch batch;
  private final Gradients gradients;

  FlatBatch(int rows, RowLayout outputs, RowLayout targets) {
    this.rows = rows;
    this.outputs = outputs;
    this.targets = targets;
    this.labels = new int[rows];
    Batch.Builder builder = Batch.of(rows).labels(labels);
    Map<String, io.lakestill.objective.Tensor> accumulators = new LinkedHashMap<>();
    for (Slot slot : outputs.slots()) {
      builder.tensor(slot.name(), tensor(slot, outputParts));
      accumulators.put(slot.name(), tensor(slot, gradientParts));
    }
    for (Slot slot : targets.slots()) {
      if (!slot.name().equals(Requirements.LABELS)) {
        builder.tensor(slot.name(), tensor(slot, targetParts));
      }
    }
    this.batch = builder.build();
    this.gradients = Gradients.over(accumulators);
  }

  private io.lakestill.objective.Tensor tensor(Slot slot, List<Part> parts) {
    int[] shape = new int[slot.shape().size() + 1];
    shape[0] = rows;
    for (int axis = 1; axis < shape.length; axis++) {
      shape[axis] = slot.shape().get(axis - 1);
    }
    float[] values = new float[Math.multiplyExact(rows, slot.width())];
    parts.add(new Part(slot, values));
    return new io.lakestill.objective.Tensor(shape, values);
  }

  int rows() {
    return rows;
  }

  Batch batch() {
    return batch;
  }

  /** The accumulators of the derivatives by the student's outputs. */
  Gradients gradients() {
    return gradients;
  }

  /** Copies the flat tensors in. */
  void fill(Tensor<Float> output, Tensor<Float> target) {
    Tensor<Float> from = checked("output", output, outputs);
    outputParts.forEach(part -> unpack(from, outputs.width(), part));
    Tensor<Float> truth = checked("target", target, targets);
    targetParts.forEach(part -> unpack(truth, targets.width(), part));
    float[] values = Floats.array(truth);
    int at = Floats.offset(truth) + targets.slot(Requirements.LABELS).offset();
    for (int row = 0; row < rows; row++, at += targets.width()) {
      labels[row] = (int) values[at];
    }
  }

  private Tensor<Float> checked(String name, Tensor<Float> tensor, RowLayout layout) {
    if (tensor.dim() != 2 || tensor.size(1) != rows || tensor.size(2) != layout.width()) {
      throw new IllegalArgumentException(
          "%s of %d axes and %d values where [%d, %d] is due"
              .formatted(name, tensor.dim(), tensor.nElement(), rows, layout.width()));
    }
    return tensor.contiguous();
  }

  private void unpack(Tensor<Float> flat, int flatWidth, Part part) {
    float[] values = Floats.array(flat);
    int from = Floats.offset(flat) + part.slot().offset();
    int width = part.slot().width();
    for (int row = 0; row < rows; row++) {
      System.arraycopy(values, from + row * flatWidth, part.values(), row * width, width);
    }
  }

  /** Copies the gradients out, laid out as the flat output. */
  void writeGradients(Tensor<Float> flat) {
    float[] values = Floats.array(flat);
    int offset = Floats.offset(flat);
    for (Part part : gradientParts) {
      int width = part.slot().width();
      int to = offset + part.slot().offset();
      for (int row = 0; row < rows; row++) {
        System.arraycopy(part.values(), row * width, values, to + row * outputs.width(), width);
      }
    }
  }
}
