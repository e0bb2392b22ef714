package io.lakestill.bigdl;

import com.intel.analytics.bigdl.dllib.tensor.Tensor;
import io.lakestill.objective.Batch;
import io.lakestill.objective.Gradients;
import io.lakestill.objective.Requirements;
import io.lakestill.objective.State;
import io.lakestill.train.BatchLayout;
import io.lakestill.train.Draws;
import io.lakestill.train.EpochPlan;
import io.lakestill.train.LossParameters;
import io.lakestill.train.RowLayout.Slot;
import io.lakestill.train.Shard;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * An objective's view of what BigDL hands over: {@code output [rows, outputs, then the loss's
 * parameters]} and {@code target [rows, target width]}. Its arrays are made once for a number of
 * rows and a shard and refilled every step. Belongs to one thread.
 */
final class FlatBatch {
  /** One slot's own contiguous array beside its place in the flat row. */
  private record Part(Slot slot, float[] values) {}

  private final int rows;
  private final EpochPlan plan;
  private final int worker;
  private final Optional<Shard> shard;
  private final Draws draws;
  private final int columns;
  private final int outputWidth;
  private final int targetWidth;
  private final int labelOffset;
  private final List<Part> outputParts = new ArrayList<>();
  private final List<Part> targetParts = new ArrayList<>();
  private final List<Part> gradientParts = new ArrayList<>();
  private final List<float[]> parameters = new ArrayList<>();
  private final List<float[]> parameterGradients = new ArrayList<>();
  private final float[] parameterVector;
  private final int[] labels;
  private final int[] own;
  private final Batch batch;
  private final Gradients gradients;

  /**
   * @param origin of the first such rows: their worker, and their shard if they have one
   * @param draws the index arrays of these rows
   */
  FlatBatch(int rows, BatchLayout layout, EpochPlan plan, RowOrigin origin, Draws draws) {
    this.rows = rows;
    this.plan = plan;
    this.worker = origin.worker();
    this.shard = origin.shard();
    this.draws = draws;
    this.columns = layout.columns(rows);
    this.outputWidth = layout.outputs().width();
    this.targetWidth = layout.targets().width();
    this.labelOffset = layout.targets().slot(Requirements.LABELS).offset();
    this.labels = new int[rows];
    this.own = IntStream.range(0, rows).toArray();
    this.parameterVector = new float[layout.parameters().size()];
    Batch.Builder builder = Batch.of(rows).labels(labels);
    builder.state(origin.shard().map(Shard::state).orElseGet(State::new));
    Map<String, io.lakestill.objective.Tensor> accumulators = new LinkedHashMap<>();
    for (Slot slot : layout.outputs().slots()) {
      builder.tensor(slot.name(), tensor(slot, outputParts));
      accumulators.put(slot.name(), tensor(slot, gradientParts));
    }
    for (Slot slot : layout.targets().slots()) {
      if (!slot.name().equals(Requirements.LABELS)) {
        builder.tensor(slot.name(), tensor(slot, targetParts));
      }
    }
    for (LossParameters.Part part : layout.parameters().parts()) {
      builder.tensor(part.name(), tensor(part, parameters));
      accumulators.put(part.name(), tensor(part, parameterGradients));
    }
    draws.indices().forEach(builder::indices);
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

  private static io.lakestill.objective.Tensor tensor(
      LossParameters.Part part, List<float[]> parts) {
    int[] shape = part.shape().stream().mapToInt(Integer::intValue).toArray();
    io.lakestill.objective.Tensor tensor = io.lakestill.objective.Tensor.zeros(shape);
    parts.add(tensor.data());
    return tensor;
  }

  /** Whether it is for batches of so many rows of such a worker and shard. */
  boolean fits(int otherRows, RowOrigin origin) {
    return rows == otherRows
        && worker == origin.worker()
        && shard.isPresent() == origin.shard().isPresent()
        && (shard.isEmpty() || shard.get() == origin.shard().get());
  }

  Batch batch() {
    return batch;
  }

  /** The accumulators of the derivatives by the student's outputs and the loss's parameters. */
  Gradients gradients() {
    return gradients;
  }

  /** Copies the flat tensors in, draws and says how far the training is. */
  void fill(Tensor<Float> output, PackedTarget target) {
    Tensor<Float> from = checked("output", output, columns);
    outputParts.forEach(part -> unpack(from, columns, own, part));
    unpackParameters(from);
    int step = target.origin().step();
    batch.progress(step == 0 ? plan.end() : plan.progress(step));
    fillTargets(target, own);
  }

  /**
   * Copies other rows' labels and signals in.
   *
   * @param from whose, for each row
   */
  void fillTargets(PackedTarget target, int[] from) {
    Tensor<Float> truth = checked("target", target.values(), targetWidth);
    targetParts.forEach(part -> unpack(truth, targetWidth, from, part));
    float[] values = Floats.array(truth);
    int first = Floats.offset(truth) + labelOffset;
    for (int row = 0; row < rows; row++) {
      labels[row] = (int) values[first + from[row] * targetWidth];
    }
    draws.fill(batch, target.origin().step(), target.origin().samples());
  }

  private Tensor<Float> checked(String name, Tensor<Float> tensor, int width) {
    if (tensor.dim() != 2 || tensor.size(1) != rows || tensor.size(2) != width) {
      throw new IllegalArgumentException(
          "%s of %d axes and %d values where [%d, %d] is due"
              .formatted(name, tensor.dim(), tensor.nElement(), rows, width));
    }
    return tensor.contiguous();
  }

  private void unpack(Tensor<Float> flat, int flatWidth, int[] from, Part part) {
    float[] values = Floats.array(flat);
    int first = Floats.offset(flat) + part.slot().offset();
    int width = part.slot().width();
    for (int row = 0; row < rows; row++) {
      part.slot().unpack(values, first + from[row] * flatWidth, part.values(), row * width);
    }
  }

  private void unpackParameters(Tensor<Float> flat) {
    int each = columns - outputWidth;
    int from = Floats.offset(flat) + outputWidth;
    for (int at = 0; at < parameterVector.length; at += each, from += columns) {
      int count = Math.min(each, parameterVector.length - at);
      System.arraycopy(Floats.array(flat), from, parameterVector, at, count);
    }
    int at = 0;
    for (float[] parameter : parameters) {
      System.arraycopy(parameterVector, at, parameter, 0, parameter.length);
      at += parameter.length;
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
        System.arraycopy(part.values(), row * width, values, to + row * columns, width);
      }
    }
    packParameters(values, offset + outputWidth);
  }

  private void packParameters(float[] values, int first) {
    int at = 0;
    for (float[] gradient : parameterGradients) {
      System.arraycopy(gradient, 0, parameterVector, at, gradient.length);
      at += gradient.length;
    }
    int each = columns - outputWidth;
    int to = first;
    for (at = 0; at < parameterVector.length; at += each, to += columns) {
      System.arraycopy(
          parameterVector, at, values, to, Math.min(each, parameterVector.length - at));
    }
  }
}
